import type { AttemptBounds, Attempts } from '@chat/attempts'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { waitUntil } from '../wait-until.ts'

/** An empty store of its own with these bounds: small, so that a window can be waited for. */
export interface AttemptsStore {
  readonly bounds: AttemptBounds
  /** A participant: a connector's own access to the one store. */
  readonly open: () => Promise<Attempts>
  /** Moves a simulated clock; a store with a real one does nothing. */
  readonly elapse: (ms: number) => Promise<void>
}

const deadlineMs = 10_000

/** What everything that counts failed tries must do. */
export const attemptsContract = (name: string, createStore: () => Promise<AttemptsStore>): void => {
  describe(`attempts (${name})`, () => {
    let store: AttemptsStore
    let one: Attempts
    let two: Attempts
    const opened: Attempts[] = []
    beforeEach(async () => {
      store = await createStore()
      one = await store.open()
      two = await store.open()
      opened.push(one, two)
    })
    afterAll(() => Promise.all(opened.map((attempts) => attempts.close())))

    const fail = async (attempts: Attempts, account: string, address: string) => {
      const refused = await attempts.begin(account, address)
      if (refused === undefined) await attempts.failed(address)
      return refused
    }
    const isWaitFor = (windowMs: number) => (refused: { readonly retryAfterMs: number } | undefined) =>
      refused !== undefined && refused.retryAfterMs > 0 && refused.retryAfterMs <= windowMs

    test('failures of an account are counted together, whoever counts and from wherever they come, and refused beyond the bound', async () => {
      const { attemptsMax, windowMs } = store.bounds.account
      for (let i = 0; i < attemptsMax; i++)
        expect(await fail(i % 2 === 0 ? one : two, 'ann', `address ${i}`)).toBeUndefined()
      for (const attempts of [one, two]) expect(await fail(attempts, 'ann', 'another')).toSatisfy(isWaitFor(windowMs))
      expect(await fail(two, 'bob', 'another')).toBeUndefined()
    })

    test('a window that is over forgives all of its failures, and not before', async () => {
      const { attemptsMax, windowMs } = store.bounds.account
      for (let i = 0; i < attemptsMax; i++) await fail(one, 'ann', `address ${i}`)
      await store.elapse(windowMs / 2)
      expect(await fail(one, 'ann', 'another')).toBeDefined()
      await store.elapse(windowMs / 2)
      await waitUntil(async () => (await fail(one, 'ann', 'another')) === undefined, {
        deadlineMs,
        what: 'the window ends',
      })
      for (let i = 1; i < attemptsMax; i++) expect(await fail(one, 'ann', `address ${i}`)).toBeUndefined()
      expect(await fail(one, 'ann', 'another')).toBeDefined()
    })

    test('tries that are under way count, forgiven ones do not, refused ones neither', async () => {
      const { attemptsMax } = store.bounds.account
      const tries = await Promise.all(Array.from({ length: 3 * attemptsMax }, () => one.begin('ann', 'here')))
      expect(tries.filter((refused) => refused === undefined)).toHaveLength(attemptsMax)
      for (let i = 0; i < attemptsMax; i++) await two.forgive('ann')
      for (let i = 0; i < attemptsMax; i++) expect(await one.begin('ann', 'here')).toBeUndefined()
      expect(await two.begin('ann', 'here')).toBeDefined()
    })

    test('failures of an address are counted together over all accounts, successes never', async () => {
      const { attemptsMax, windowMs } = store.bounds.address
      for (let i = 0; i < 2 * attemptsMax; i++) {
        expect(await one.begin('lucky', 'here')).toBeUndefined()
        await one.forgive('lucky')
      }
      for (let i = 0; i < attemptsMax; i++)
        expect(await fail(i % 2 === 0 ? one : two, `account ${i}`, 'here')).toBeUndefined()
      for (const attempts of [one, two]) expect(await fail(attempts, 'unknown', 'here')).toSatisfy(isWaitFor(windowMs))
      expect(await fail(one, 'unknown', 'there')).toBeUndefined()
    })
  })
}
