/**
 * What the simulation finds in the system as it is, and nobody has closed yet. It is counted and told with each run, and is not red: whoever
 * closes one takes its entry out.
 */
const openFindings: readonly RegExp[] = [
  // A command that lands behind its own repetition: the client lost its connection while the first copy was slow, sent it again through
  // another connector, was refused, and became a member; then the first copy landed and was accepted. Nothing is kept of a refusal, so
  // nothing tells that copy from a new message. [G11]
  /^I1: .* refused (not_member|already_member|forbidden), and in the log$/,
]

export const isOpenFinding = (violation: string): boolean => openFindings.some((finding) => finding.test(violation))
