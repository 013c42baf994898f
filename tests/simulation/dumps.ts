import type { StoredRecord } from '@chat/event-log'
import type { Dump } from '@chat/read-models/memory'
import type { Topic } from '@chat/schemas'
import type { DumpSource } from '../faults/history.ts'
import type { Device } from './client/device.ts'
import { seenOf } from './client/view.ts'
import type { World } from './world.ts'

const recordsMax = 1_000_000

/** All records of a partition as it is now. */
export const recordsOf = (
  { store }: Pick<World, 'store'>,
  topic: Topic,
  partition: number,
): readonly StoredRecord[] => {
  const found = store.partition(topic, partition)
  const records: StoredRecord[] = []
  for (let from = found.beginning(); from < found.end() && records.length < recordsMax; ) {
    const slice = found.slice(from, found.end())
    records.push(...slice)
    from += slice.length
  }
  return records
}

const dumped = ({ recorder }: World, source: DumpSource, count: number) =>
  recorder.record({ what: 'dumped', source, count })

export const dumpLog = (world: World): void => {
  const { topics, recorder } = world
  let count = 0
  for (const kind of ['events', 'receipts'] as const)
    for (let partition = 0; partition < topics[kind].partitions; partition++)
      for (const { offset, timestamp, headers, value } of recordsOf(world, topics[kind], partition)) {
        const { schema = null, type = null, pos = null, cmd = null, chain = null } = headers
        recorder.record({
          ...{ what: 'logged', topic: kind, partition, offset, appendedMs: timestamp, schema, type, pos, cmd, chain },
          value: Buffer.from(value ?? []).toString('base64'),
        })
        count++
      }
  dumped(world, 'log', count)
}

export const dumpRows = (world: World): void => {
  let count = 0
  const dump = world.readModels.dump()
  for (const table of Object.keys(dump) as (keyof Dump)[])
    for (const row of dump[table]) {
      world.recorder.record({ what: 'row', table, row })
      count++
    }
  dumped(world, 'rows', count)
}

export const dumpDevices = (world: World, devices: readonly Device[]): void =>
  dumped(
    world,
    'devices',
    devices.reduce((count, device) => count + device.view.dump(), 0),
  )

/** What the server tells each user of each conversation that he may see. */
export const dumpHistories = async (world: World, users: Iterable<number>): Promise<void> => {
  const { readModels, recorder } = world
  let count = 0
  for (const user of users)
    for (const { id } of readModels.dump().conversations) {
      const events = await wholeHistory(world, user, id)
      if (events === undefined) continue
      const view = await readModels.conversation(user, id)
      const isMember = (await readModels.members(user, id, undefined, 1)) !== undefined
      const seen = events.map(seenOf)
      recorder.record({
        ...{ what: 'userHistory', user, conversation: id },
        unread: isMember ? (view?.unread ?? null) : null,
        readSeq: isMember ? (view?.readSeq ?? null) : null,
        seqs: seen.map(({ seq }) => seq),
        clientMsgIds: seen.map(({ clientMsgId }) => clientMsgId),
        prints: seen.map(({ print }) => print),
      })
      count++
    }
  dumped(world, 'histories', count)
}

const wholeHistory = async ({ readModels }: World, user: number, conversation: string) => {
  const events = []
  for (let after = 0, hasMore = true; hasMore; ) {
    const page = await readModels.history({ user, conversation, after, limit: 200 })
    if (page === undefined) return undefined
    events.push(...page.events)
    after = page.to
    hasMore = page.hasMore
  }
  return events
}
