interface OpenFinding {
  readonly matches: RegExp
  /** It is one only in runs where every process has another wall clock. */
  readonly onlySkewed: boolean
}

/**
 * What the simulation finds in the system as it is, and nobody has closed yet. It is counted and told with each run, and is not red: whoever
 * closes one takes its entry out.
 */
const openFindings: readonly OpenFinding[] = [
  // A command that lands behind its own repetition: the client lost its connection while the first copy was slow, sent it again through
  // another connector, was refused, and became a member; then the first copy landed and was accepted. Nothing is kept of a refusal, so
  // nothing tells that copy from a new message. [G11]
  { matches: /^I1: .* refused (not_member|already_member|forbidden), and in the log$/, onlySkewed: false },
  // While presence is away hellos get no number from it, so that of two hellos of a device the wall clocks of two connectors say which is
  // the later one: with clocks that differ, a kick that is late closes the newer connection for good.
  { matches: / was replaced on connection \d+, its newest$/, onlySkewed: true },
]

export const isOpenFinding = (violation: string, isSkewed: boolean): boolean =>
  openFindings.some(({ matches, onlySkewed }) => (isSkewed || !onlySkewed) && matches.test(violation))
