import type { EventLog, Partition, Share } from '@chat/event-log'
import type { Topic } from '@chat/schemas'
import { describe, expect, test } from 'vitest'
import { waitUntil } from '../wait-until.ts'
import type { Fixture } from './event-log-fixture.ts'
import { patienceMs } from './event-log-records.ts'

interface Member {
  readonly share: Share
  owned(): readonly Partition[]
}

const join = async (log: EventLog, topic: Topic, group: string): Promise<Member> => {
  let owned: ReadonlySet<Partition> = new Set()
  const share = await log.share({
    topic,
    group,
    onAssigned: (partitions) => {
      owned = partitions
    },
    onFatal: (error) => {
      throw error
    },
  })
  return { share, owned: () => [...owned].toSorted((a, b) => a - b) }
}

const settled = (members: readonly Member[], partitions: number): Promise<true> =>
  waitUntil(
    () => {
      const counts = members.map((member) => member.owned().length)
      const all = new Set(members.flatMap((member) => member.owned()))
      const isFair = Math.max(...counts) - Math.min(...counts) <= 1
      return all.size === partitions && counts.reduce((sum, count) => sum + count, 0) === partitions && isFair
    },
    {
      deadlineMs: patienceMs,
      what: () => `partitions divided fairly, not ${members.map((member) => `[${member.owned()}]`).join(' ')}`,
    },
  )

export const describeShares = (fixture: Fixture): void => {
  describe('share', () => {
    test('one member gets every partition, and verify says the same', async () => {
      const { log, topics } = fixture()
      const { commands } = topics
      const alone = await join(log, commands, 'alone')
      await settled([alone], commands.partitions)
      expect([...(await alone.share.verify())].toSorted((a, b) => a - b)).toEqual(alone.owned())
      await alone.share.leave()
    })

    test('a second member takes half and the first keeps the rest; a leave gives them back', async () => {
      const { log, topics } = fixture()
      const { commands } = topics
      const first = await join(log, commands, 'pair')
      await settled([first], commands.partitions)
      const second = await join(log, commands, 'pair')
      await settled([first, second], commands.partitions)
      expect([...(await second.share.verify())].toSorted((a, b) => a - b)).toEqual(second.owned())
      const kept = second.owned()
      await first.share.leave()
      await settled([second], commands.partitions)
      expect(second.owned()).toEqual(expect.arrayContaining([...kept]))
      await second.share.leave()
    })

    test('partitions stay with those who have them when a third joins and leaves', async () => {
      const { log, topics } = fixture()
      const { commands } = topics
      const first = await join(log, commands, 'sticky')
      const second = await join(log, commands, 'sticky')
      await settled([first, second], commands.partitions)
      const before = [first.owned(), second.owned()]
      const third = await join(log, commands, 'sticky')
      await settled([first, second, third], commands.partitions)
      for (const [index, member] of [first, second].entries())
        expect(before[index]).toEqual(expect.arrayContaining([...member.owned()]))
      const between = [first.owned(), second.owned()]
      await third.share.leave()
      await settled([first, second], commands.partitions)
      for (const [index, member] of [first, second].entries())
        expect(member.owned()).toEqual(expect.arrayContaining([...(between[index] ?? [])]))
      await first.share.leave()
      await second.share.leave()
    })

    test('groups do not disturb each other', async () => {
      const { log, topics } = fixture()
      const { commands } = topics
      const one = await join(log, commands, 'one')
      const other = await join(log, commands, 'other')
      await settled([one], commands.partitions)
      await settled([other], commands.partitions)
      await one.share.leave()
      await other.share.leave()
    })
  })
}
