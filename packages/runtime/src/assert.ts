/** An invariant of ours. A failed one is a bug: the process exits. Nothing a client sends may reach it. */
export function assert(condition: unknown, sentence: string): asserts condition {
  if (!condition) throw new AssertionError(sentence)
}

export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

export const assertNever = (value: never): never => {
  throw new AssertionError(`unexpected value: ${JSON.stringify(value)}`)
}
