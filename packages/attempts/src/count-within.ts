/** Requests wait for a count: without an answer of Redis within this the process counts for itself, ms. */
export const countWithinMs = 500
