import type { Socket } from 'node:net'

/** Of a connection: what the one who opened it sends, or what comes back. */
export type Direction = 'requests' | 'answers'

/** Moves the bytes of one direction of a connection, or does not. */
export interface Pump {
  pass(): void
  hold(): void
  swallow(): void
  slow(pace: Pace): void
  /** Whether bytes were swallowed. */
  hasLost(): boolean
  stop(): void
}

interface Pace {
  readonly delayMs: number
  readonly bytesPerS: number
}

/** Bytes under way in one direction, at most; more stay with the sender. */
const underWayMax = 1024 * 1024

interface Chunk {
  readonly bytes: Buffer
  /** When it may go on, ms of the monotonic clock. */
  readonly dueMs: number
}

export const createPump = (from: Socket, to: Socket): Pump => {
  const underWay: Chunk[] = []
  let underWayBytes = 0
  let mode: 'pass' | 'hold' | 'swallow' = 'pass'
  let pace: Pace | undefined
  let hasLost = false
  let lastDueMs = 0
  let timer: NodeJS.Timeout | undefined

  /** Who may not read on is felt by the sender. */
  const settle = () => {
    const isFull = underWayBytes >= underWayMax || to.writableNeedDrain
    if (mode === 'hold' || (isFull && mode === 'pass')) from.pause()
    else from.resume()
  }
  const release = () => {
    clearTimeout(timer)
    timer = undefined
    for (let chunk = underWay[0]; chunk !== undefined && mode !== 'hold'; chunk = underWay[0]) {
      const waitMs = pace === undefined ? 0 : chunk.dueMs - performance.now()
      if (waitMs > 0) {
        timer = setTimeout(release, waitMs)
        break
      }
      underWay.shift()
      underWayBytes -= chunk.bytes.length
      to.write(chunk.bytes)
    }
    settle()
  }
  const take = (bytes: Buffer) => {
    if (mode === 'swallow') {
      hasLost = true
      return
    }
    if (pace === undefined && mode === 'pass' && underWay.length === 0) {
      if (!to.write(bytes)) settle()
      return
    }
    const onWireMs = pace === undefined ? 0 : (bytes.length / pace.bytesPerS) * 1_000
    lastDueMs = Math.max(lastDueMs, performance.now() + (pace?.delayMs ?? 0)) + onWireMs
    underWay.push({ bytes, dueMs: lastDueMs })
    underWayBytes += bytes.length
    if (timer === undefined) release()
    else settle()
  }
  const become = (next: typeof mode, nextPace?: Pace) => {
    mode = next
    pace = nextPace
    release()
  }

  from.on('data', take)
  to.on('drain', settle)
  return {
    pass: () => become('pass'),
    hold: () => become('hold'),
    swallow: () => become('swallow'),
    slow: (nextPace) => become('pass', nextPace),
    hasLost: () => hasLost,
    stop: () => clearTimeout(timer),
  }
}
