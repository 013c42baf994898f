import type { Clock } from './ports.ts'

/** How long a sign of life may take once it was asked for, ms. PROTOCOL §2. */
const answerMs = 10_000
const everyDefaultMs = 25_000

/** A silence as long as the server's heartbeat asks for a sign of life (`silent`); silence after that is the end (`dead`). */
export const createHeartbeat = (clock: Clock, listener: { silent(): void; dead(): void }) => {
  let everyMs: number | undefined
  let cancel = () => {}
  const heard = () => {
    cancel()
    if (everyMs === undefined) return
    cancel = clock.after(everyMs, () => {
      cancel = clock.after(answerMs, listener.dead)
      listener.silent()
    })
  }
  return {
    start: (ms = everyDefaultMs) => {
      everyMs = ms
      heard()
    },
    heard,
    stop: () => {
      everyMs = undefined
      cancel()
    },
  }
}
