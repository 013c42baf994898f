/** Positions of a partition that are remembered: far more than a new owner delivers again (5,000). 8 KiB a partition. */
const windowPositions = 65_536

/**
 * Which events were delivered here already. A valid event has one position and one (conversation, seq), so a window of positions
 * tells repeats by (conversation, seq) apart without decoding them. It is a window, not a maximum: a late event of a lower
 * position that was never delivered still goes out. What is older than the window goes out too; clients drop it by seq. [G2]
 */
export interface Repeats {
  /** Whether it was delivered before; from now on it was. */
  isRepeat(partition: number, pos: number): boolean
  /**
   * Nobody was here yet when the log ended so: what is before it comes to everybody by sync. Without this, an event that a new owner
   * tells again would be new to a connector that has just started, and reach its clients behind newer ones.
   */
  startAt(ends: ReadonlyMap<number, number>): void
}

interface Window {
  max: number
  readonly bits: Uint32Array
}

export const createRepeats = (): Repeats => {
  const windows = new Map<number, Window>()
  let starts: ReadonlyMap<number, number> = new Map()
  return {
    startAt: (ends) => {
      starts = ends
    },
    isRepeat: (partition, pos) => {
      if (pos < (starts.get(partition) ?? 0)) return true
      const window = windows.get(partition)
      if (window !== undefined) return mark(window, pos)
      const fresh = { max: pos, bits: new Uint32Array(windowPositions / 32) }
      windows.set(partition, fresh)
      return mark(fresh, pos)
    },
  }
}

const mark = (window: Window, pos: number): boolean => {
  if (pos > window.max) {
    forget(window, pos)
    window.max = pos
  } else if (pos <= window.max - windowPositions) return false
  const place = pos % windowPositions
  const word = place >>> 5
  const bit = 1 << (place & 31)
  const known = window.bits[word] ?? 0
  window.bits[word] = known | bit
  return (known & bit) !== 0
}

/** Clears the places that positions up to `pos` will take over from older ones. */
const forget = ({ max, bits }: Window, pos: number) => {
  if (pos - max >= windowPositions) {
    bits.fill(0)
    return
  }
  for (let p = max + 1; p <= pos; p++) {
    const place = p % windowPositions
    bits[place >>> 5] = (bits[place >>> 5] ?? 0) & ~(1 << (place & 31))
  }
}
