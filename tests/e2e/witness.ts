import type { DeviceObserver, Frame } from '@chat/testkit'

/** A connection that the server closed. */
interface ClosedConnection {
  readonly code: number
  /** The server had said that it would. */
  readonly wasNoticed: boolean
  readonly atMs: number
  /** When the next connection of the device had its hello answered. */
  backMs: number | undefined
}

/** Everything that one device could complain of, with monotonic times. */
export interface Witness {
  readonly observer: DeviceObserver
  readonly closed: readonly ClosedConnection[]
  /** Answers other than `ok`. */
  readonly refusals: readonly Frame[]
  /** The longest time, ms, in which the device was pushed nothing of one of the conversations, between the two moments. */
  longestPauseMs(conversations: readonly string[], fromMs: number, toMs: number): number
}

export const createWitness = (): Witness => {
  const closed: ClosedConnection[] = []
  const refusals: Frame[] = []
  const pushedAtMs = new Map<string, number[]>()
  let noticed = 0
  return {
    closed,
    refusals,
    observer: {
      connected: () => {
        const last = closed.at(-1)
        if (last !== undefined) last.backMs ??= performance.now()
      },
      closed: (connection, code) =>
        void closed.push({ code, wasNoticed: noticed === connection, atMs: performance.now(), backMs: undefined }),
      sent: () => {},
      received: (connection, frame) => {
        if (frame.op === 'notice') noticed = connection
        if (frame.op === 'error') refusals.push(frame)
      },
      shown: (conversation, _event, by) => {
        if (by !== 'push') return
        const times = pushedAtMs.get(conversation) ?? []
        pushedAtMs.set(conversation, times)
        times.push(performance.now())
      },
    },
    longestPauseMs: (conversations, fromMs, toMs) =>
      Math.max(...conversations.map((conversation) => longestPause(pushedAtMs.get(conversation) ?? [], fromMs, toMs))),
  }
}

/** Between neighbours of `times` (ascending), as far as it lies within; the edges count as if something had come then. */
const longestPause = (times: readonly number[], fromMs: number, toMs: number): number => {
  const within = [fromMs, ...times.filter((time) => time > fromMs && time < toMs), toMs]
  return Math.max(...within.slice(1).map((time, index) => time - (within[index] ?? time)))
}
