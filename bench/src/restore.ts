import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createPartitionState, loadPart } from '@chat/domain'
import { openKafkaLog } from '@chat/event-log/kafka'
import { randomId, silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createTopics, directConversation } from '@chat/schemas'
import { testWire } from '@chat/testkit'
import { createLogFiller, type LogShape } from './restore-log.ts'

/** How long a router takes to have one partition of Kafka ready: from all its events, and from a snapshot and the events behind it. */
export const runRestore = async (
  options: LogShape & { readonly tail: number; readonly repeats: number; readonly brokers: readonly string[] },
) => {
  const { brokers, tail, events } = options
  const prefix = `bench-${randomId(random).slice(0, 8)}.`
  const topics = createTopics({ prefix, partitions: 1, slots: 1 })
  const onFatal = (error: unknown) => console.error(error)
  const log = await openKafkaLog({ brokers, clientId: 'bench', clock, random, logger: silentLogger, onFatal })
  try {
    const { events: eventsTopic, commands, snapshots, deadLetters, deliveryAll, deliveries } = topics
    const wanted = [eventsTopic, commands, snapshots, deadLetters, deliveryAll, ...deliveries]
    await log.ensureTopics(wanted, { replicas: 1, eventsFlush: 'os' })
    const filledMs = performance.now()
    const filler = await createLogFiller(log, topics, options)
    await filler.fillTo(events - tail)
    console.log(`${events - tail} events written in ${Math.round(performance.now() - filledMs)} ms`)
    const start = (snapshotEvents: number, ...mode: readonly string[]) =>
      startProcess([brokers.join(','), prefix, String(snapshotEvents), ...mode])
    const fromLog = await start(events - tail, 'write')
    console.log('from all events', fromLog)
    await filler.fillTo(events)
    const fromSnapshot: unknown[] = []
    for (let run = 0; run < options.repeats; run++) fromSnapshot.push(await start(10 * events))
    console.log('from the snapshot', fromSnapshot)
    const { conversations, windows } = filler.state.tables
    const state = { conversations: conversations.size, windows: windows.size, events: filler.state.head.nextPos }
    return { state, fromLog, fromSnapshot, idleConversationBytes: measureIdleConversation() }
  } finally {
    await log.close()
  }
}

const startProcess = async (args: readonly string[]): Promise<Record<string, unknown>> => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, 'restore-process.ts'),
    ...args,
  ])
  return JSON.parse(stdout)
}

const idleConversations = 100_000

/** Bytes of the heap that a conversation of two takes in the state of a router, its windows apart. */
const measureIdleConversation = (): number => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const state = createPartitionState(0, 1, testWire)
  collect()
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < idleConversations; n++) {
    const lo = 20_000_000 + 2 * n
    const relation = { friendship: 'none', isBlockedByLo: false, isBlockedByHi: false }
    const place = { lastSeq: 20, lastAtMs: 1_790_000_000_000 + lo }
    const entry = { conversation: directConversation(lo, lo + 1), ...place, ...relation, pins: [] }
    const nothing = { groups: [], rooms: [], halted: [], windows: [], accounts: [], groupNames: [] }
    loadPart(state, { directs: [entry], ...nothing, refusals: [], deletions: [], aliases: [] }, testWire)
  }
  collect()
  const bytes = (process.memoryUsage().heapUsed - before) / state.tables.conversations.size
  return Math.round(bytes)
}
