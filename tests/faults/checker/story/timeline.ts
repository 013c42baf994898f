/** Virtual time: what is due runs in order of time, then of planning. */
export interface Timeline {
  /** Whole ms. */
  now(): number
  after(ms: number, run: () => void): void
  /** Runs everything due up to `at` and stands there. */
  runTo(at: number): void
  /** Runs until nothing is planned. */
  drain(): void
}

interface Planned {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

const isBefore = (a: Planned, b: Planned): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

export const createTimeline = (): Timeline => {
  const heap: Planned[] = []
  let nowMs = 0
  let order = 0

  const push = (planned: Planned) => {
    let index = heap.length
    for (let parent = (index - 1) >> 1; index > 0; parent = (index - 1) >> 1) {
      const above = heap[parent]
      if (above === undefined || !isBefore(planned, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = planned
  }

  const pop = (): Planned | undefined => {
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let index = 0
    for (;;) {
      const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]]
      const isRight = left !== undefined && right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (child === undefined || !isBefore(child, last)) break
      heap[index] = child
      index = 2 * index + (isRight ? 2 : 1)
    }
    heap[index] = last
    return first
  }

  const runTo = (at: number) => {
    for (let next = heap[0]; next !== undefined && next.at <= at; next = heap[0]) {
      pop()
      nowMs = Math.max(nowMs, next.at)
      next.run()
    }
    if (Number.isFinite(at)) nowMs = Math.max(nowMs, at)
  }

  return {
    now: () => nowMs,
    after: (ms, run) => push({ at: nowMs + ms, order: order++, run }),
    runTo,
    drain: () => runTo(Number.POSITIVE_INFINITY),
  }
}
