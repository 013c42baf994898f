import type { PartitionState } from '@chat/domain'
import type { EventLog, StoredRecord } from '@chat/event-log'
import type { Logger } from '@chat/runtime'
import type { Topics } from '@chat/schemas'
import type { BrokerTime } from './broker-time.ts'
import { type LoggedEvent, PartitionStopped, readBehind } from './event-reader.ts'
import { readCommand } from './inbox.ts'

/**
 * Commands that events were made from are gone: their topic lost its end, and may have grown again since, so that others stand in their
 * places. Where to go on is for a person to say (`npm run repair`).
 */
export class CommandsCut extends PartitionStopped {
  override readonly name = 'CommandsCut'
}

interface Ports {
  readonly log: EventLog
  readonly topics: Topics
  readonly brokerTime: BrokerTime
  readonly logger: Logger
}

/** Records that are looked through first, from the end, for an event that a command caused; eight times as many each time that there is none. */
const lookBackRecords = 200

/**
 * The command from which on `state` decides. That of its newest event must still stand where it stood: what came behind a cut would be
 * passed over up to there, and answered with what others came to. Throws Fault, or CommandsCut.
 */
export const resumeAt = async (
  state: PartitionState,
  { log, topics, brokerTime, logger }: Ports,
  signal: AbortSignal,
): Promise<number> => {
  const { partition, head } = state
  const wanted = head.resume
  const beginning = (await log.beginnings(topics.commands)).get(partition) ?? 0
  const end = (await log.ends(topics.commands)).get(partition) ?? 0
  if (wanted > end)
    throw new CommandsCut(
      `the commands of partition ${partition} end at ${end}, but the events were made from ${wanted}: they were cut`,
    )
  if (wanted < beginning) {
    logger.warn({ partition, wanted, beginning }, 'commands lost to retention, resuming at the first')
    return beginning
  }
  const newest = decidedBy(await newestEvent(state, { log, events: topics.events, brokerTime }, signal))
  if (newest === undefined || newest.cmd < beginning) return wanted
  const { cmd } = newest
  // Whoever stands there now would be answered with what came of the one that was lost. [G1]
  for await (const records of log.read(topics.commands, partition, cmd, cmd + 1, signal))
    if (!records.every((record) => isOf(newest, record)))
      throw new CommandsCut(
        `command ${cmd} of partition ${partition} is not the one that was decided: they were cut, and others stand there now`,
      )
  return wanted
}

/** A command by what its events tell of it. */
interface Decided {
  readonly cmd: number
  /** undefined: its refusal does not name it. */
  readonly clientMsgId: string | undefined
  /** It was not appended later than this, ms. */
  readonly atMs: number
}

/** The newest but `LogOpened`, and those that this build does not know. */
const newestEvent = async (
  state: PartitionState,
  ports: Parameters<typeof readBehind>[1],
  signal: AbortSignal,
): Promise<LoggedEvent | undefined> => {
  let newest: LoggedEvent | undefined
  for (let count = lookBackRecords; newest === undefined; count *= 8) {
    await readBehind(state, ports, count, signal, (one) => {
      if (one.event !== undefined && one.event.type !== 'LogOpened') newest = one
    })
    if (count >= state.head.nextPos) break
  }
  return newest
}

/** undefined: none was, or none since a person said where commands go on. */
const decidedBy = (newest: LoggedEvent | undefined): Decided | undefined => {
  if (newest?.event === undefined) return undefined
  const { cmd, event } = newest
  switch (event.type) {
    case 'LogOpened':
    case 'CommandsRebased':
      return undefined
    case 'CommandsRejected': {
      const last = event.rejections.at(-1)
      return { cmd: last?.cmd ?? cmd, clientMsgId: last?.refused?.clientMsgId, atMs: event.at }
    }
    default:
      return { cmd, clientMsgId: event.clientMsgId, atMs: Number.POSITIVE_INFINITY }
  }
}

const isOf = ({ clientMsgId, atMs }: Decided, record: StoredRecord): boolean => {
  if (record.timestamp > atMs) return false
  if (clientMsgId === undefined) return true
  const found = readCommand(record)
  return 'command' in found && found.command.clientMsgId === clientMsgId
}
