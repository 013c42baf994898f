export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11' | 'I12'

/** Something that must never happen, and did. */
export interface Violation {
  readonly invariant: Invariant
  /** One sentence that names who, where and which message. */
  readonly detail: string
}

/** How many of one invariant are told: a broken system has millions. */
const violationsPerInvariantMax = 50

/** Takes violations of one invariant, up to the most that are told. */
export interface Found {
  add(detail: string): void
  readonly violations: readonly Violation[]
}

export const createFound = (invariant: Invariant): Found => {
  const violations: Violation[] = []
  return {
    violations,
    add: (detail) => {
      if (violations.length < violationsPerInvariantMax) violations.push({ invariant, detail })
    },
  }
}
