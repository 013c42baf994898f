import type { Random } from '@chat/runtime'

/** The same numbers for the same seed, on every machine. mulberry32 (public domain, Tommy Ettinger): 32 bits of state, enough for tests. */
export const createSeededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    fraction: () => next32() / 2 ** 32,
    bytes: (count) => Uint8Array.from({ length: count }, () => next32() >>> 24),
  }
}

/** Seeds 0 to `count` − 1 of a property; with CHAT_TEST_SEED set only that one, to replay what a failure printed. */
export const testSeeds = (count: number): readonly number[] => {
  const only = process.env.CHAT_TEST_SEED ?? ''
  return only === '' ? Array.from({ length: count }, (_, seed) => seed) : [Number(only)]
}
