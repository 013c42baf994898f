import { allTopics } from '@chat/schemas'
import { afterAll, beforeAll, describe } from 'vitest'
import { describeAppends } from './event-log-appends.ts'
import type { EventLogFeatures, EventLogFixture, Fixture } from './event-log-fixture.ts'
import { describeReads } from './event-log-reads.ts'
import { describeShares } from './event-log-shares.ts'
import { describeTails } from './event-log-tails.ts'

/** The contract of the event log port. Every adapter passes it as it is. `open` makes a world of its own with each call. */
export const describeEventLog = (
  name: string,
  open: () => Promise<EventLogFixture>,
  features: EventLogFeatures,
): void => {
  describe(`${name}: the contract of the event log`, () => {
    let opened: EventLogFixture | undefined
    const fixture: Fixture = () => {
      if (opened === undefined) throw new Error('the fixture is not open')
      return opened
    }
    beforeAll(async () => {
      opened = await open()
      await opened.log.ensureTopics(allTopics(opened.topics), { replicas: 1 })
    })
    afterAll(() => opened?.close())

    describeAppends(fixture, open)
    describeReads(fixture, features)
    describeTails(fixture, features)
    describeShares(fixture)
  })
}

export type { EventLogFeatures, EventLogFixture }
