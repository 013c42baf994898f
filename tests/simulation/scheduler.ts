/** Virtual time: everything that happens in a run happens in one of its steps, and between two steps all promises settle. */
export interface Scheduler {
  /** ms since the run began; fractions order what happens within one. */
  nowMs(): number
  /** Runs `run` in a step of its own. Of equal times the one asked for first comes first. `label` is for the trace. */
  at(dueMs: number, label: string, run: () => void): Cancel
  /** Steps until `isDone` (asked between steps) or until `untilMs` have come: then time stands there. Resolves with whether it was done. */
  run(isDone: () => boolean, untilMs: number): Promise<boolean>
  steps(): number
  /** 32 bits of every step so far: two runs that differ in one step have different ones, almost certainly. */
  fingerprint(): number
}

type Cancel = () => void

interface Step {
  readonly dueMs: number
  readonly order: number
  readonly label: string
  readonly run: () => void
  isCancelled: boolean
}

export const createScheduler = (onStep: (atMs: number, label: string) => void = () => {}): Scheduler => {
  const queue = createQueue()
  const labelHashes = new Map<string, number>()
  let elapsedMs = 0
  let asked = 0
  let steps = 0
  let fingerprint = 0x811c9dc5

  const note = ({ dueMs, label }: Step) => {
    steps++
    const known = labelHashes.get(label)
    const hashed = known ?? hashOf(label)
    if (known === undefined) labelHashes.set(label, hashed)
    fingerprint = mix(mix(fingerprint, hashed), Math.floor(dueMs * 1000))
    onStep(dueMs, label)
  }

  return {
    nowMs: () => elapsedMs,
    at: (dueMs, label, run) => {
      const step = { dueMs: Math.max(dueMs, elapsedMs), order: asked++, label, run, isCancelled: false }
      queue.add(step)
      return () => {
        step.isCancelled = true
      }
    },
    run: (isDone, untilMs) =>
      new Promise((resolve, reject) => {
        const next = () => {
          try {
            if (isDone()) return resolve(true)
            const step = queue.take(untilMs)
            if (step === undefined) {
              elapsedMs = Math.max(elapsedMs, untilMs)
              return resolve(false)
            }
            elapsedMs = step.dueMs
            note(step)
            step.run()
            setImmediate(next)
          } catch (error) {
            reject(error)
          }
        }
        // A turn of the event loop lets every promise settle: nothing of the system waits for anything but promises and us.
        setImmediate(next)
      }),
    steps: () => steps,
    fingerprint: () => fingerprint,
  }
}

const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = mix(hash, text.charCodeAt(at))
  return hash
}

/** A step of FNV-1a. */
const mix = (hash: number, value: number): number => Math.imul(hash ^ value, 0x01000193) >>> 0

/** A binary heap; what was cancelled stays in it until its time. */
const createQueue = () => {
  const heap: Step[] = []
  const isBefore = (a: Step, b: Step) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order)

  const rise = (step: Step) => {
    let at = heap.length
    heap.push(step)
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || isBefore(parent, step)) break
      heap[at] = parent
      at = above
    }
    heap[at] = step
  }

  const sink = (step: Step) => {
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left
      if (child === undefined || isBefore(step, child)) break
      heap[at] = child
      at = child === right ? 2 * at + 2 : 2 * at + 1
    }
    heap[at] = step
  }

  const pop = () => {
    const last = heap.pop()
    if (last !== undefined && heap.length > 0) sink(last)
  }

  return {
    add: rise,
    /** The first step that is due by `untilMs`. */
    take: (untilMs: number): Step | undefined => {
      for (let first = heap[0]; first !== undefined && first.dueMs <= untilMs; first = heap[0]) {
        pop()
        if (!first.isCancelled) return first
      }
      return undefined
    },
  }
}
