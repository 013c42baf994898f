import type { Bucket, RateLimits } from '@chat/attempts'
import { type Rate, type RateName, rateRetryMinMs, rates } from '@chat/schemas/protocol'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { waitUntil } from '../wait-until.ts'

export type SmallRates = Readonly<Record<RateName, Rate>>

/** Small enough to be emptied, slow enough that nothing is filled in meanwhile. */
export const smallRates: SmallRates = {
  ...rates,
  writesOfDevice: { burst: 20, perSecond: 2, of: 'test' },
  writesOfUser: { burst: 40, perSecond: 2, of: 'test' },
}

/** An empty store of its own with `smallRates`. */
export interface RateLimitsStore {
  /** A participant: a connector's own access to the one store. */
  readonly open: () => Promise<RateLimits>
  /** Moves a simulated clock; a store with a real one does nothing. */
  readonly elapse: (ms: number) => Promise<void>
}

const deadlineMs = 10_000

/** What everything that limits rates must do. */
export const rateLimitsContract = (name: string, createStore: () => Promise<RateLimitsStore>): void => {
  describe(`rate limits (${name})`, () => {
    let store: RateLimitsStore
    let limits: RateLimits
    const opened: RateLimits[] = []
    beforeEach(async () => {
      store = await createStore()
      limits = await store.open()
      opened.push(limits)
    })
    afterAll(() => Promise.all(opened.map((each) => each.close())))

    const device = (key: string): Bucket => ({ rate: 'writesOfDevice', key })
    const user = (key: string): Bucket => ({ rate: 'writesOfUser', key })
    const take = (count: number, ...buckets: readonly [Bucket, ...Bucket[]]) =>
      Array.from({ length: count }, () => limits.take(buckets)).filter((refused) => refused !== undefined)

    test('a burst passes, what is beyond it is told how long to wait, other keys and rates do not feel it', () => {
      expect(take(smallRates.writesOfDevice.burst, device('a'))).toEqual([])
      expect(limits.take([device('a')])).toSatisfy(
        (refused) => refused?.rate === 'writesOfDevice' && refused.retryAfterMs >= rateRetryMinMs / 2,
      )
      expect(limits.take([device('b')])).toBeUndefined()
      expect(limits.take([user('a')])).toBeUndefined()
    })

    test('who was refused gets nothing until his time is over, and then what was filled in meanwhile', async () => {
      take(smallRates.writesOfDevice.burst, device('a'))
      const { retryAfterMs = 0 } = limits.take([device('a')]) ?? {}
      await store.elapse(retryAfterMs / 2)
      expect(limits.take([device('a')])).toBeDefined()
      await store.elapse(retryAfterMs / 2 + 1)
      await waitUntil(async () => limits.take([device('a')]) === undefined, { deadlineMs, what: 'the time is over' })
    })

    test('an empty bucket takes nothing from the others, and the first one is closed with it', () => {
      take(smallRates.writesOfUser.burst, user('ann'))
      expect(limits.take([device('a'), user('ann')])).toMatchObject({ rate: 'writesOfUser' })
      expect(limits.take([device('a')])).toMatchObject({ rate: 'writesOfDevice' })
      expect(take(smallRates.writesOfDevice.burst, device('b'))).toEqual([])
    })

    test('what is taken elsewhere counts: all together give no more than a burst each and then a minute’s worth', async () => {
      const other = await store.open()
      opened.push(other)
      const ceiling = smallRates.writesOfDevice.burst + 60 * smallRates.writesOfDevice.perSecond
      let taken = 0
      await waitUntil(
        async () => {
          const [one, two] = [limits.take([device('a')]), other.take([device('a')])]
          taken += [one, two].filter((refused) => refused === undefined).length
          await store.elapse(10)
          return one !== undefined && two !== undefined
        },
        { deadlineMs, what: 'both refuse' },
      )
      expect(taken).toBeLessThan(ceiling)
    })
  })
}
