import { createPartitionState, type Draft, type PartitionState, rebaseCommands, type Wire } from '@chat/domain'
import type { EventLog } from '@chat/event-log'
import { type Clock, Fault, isFault, type Logger } from '@chat/runtime'
import type { Encoder, Topics } from '@chat/schemas'
import { createBrokerTime } from '../broker-time.ts'
import { CommandsCut, resumeAt } from '../commands-end.ts'
import { PartitionStopped, readToEnd } from '../event-reader.ts'
import { recordOf } from '../partition.ts'
import { readSnapshot } from '../snapshot-reader.ts'
import { wireOf } from '../wire.ts'

export interface RepairPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly clock: Clock
  readonly logger: Logger
}

/** How a partition was found, or is now. `cut` and `stopped`: no router decides its commands. */
export type Finding =
  | { readonly outcome: 'whole'; readonly resume: number }
  | { readonly outcome: 'rebased'; readonly resume: number; readonly reason: string }
  /** The commands topic lost its end. */
  | { readonly outcome: 'cut'; readonly reason: string }
  /** The events themselves cannot be gone on from: docs/failures.md, "The log itself". */
  | { readonly outcome: 'stopped'; readonly reason: string }

/** Others may write between looking and writing: so often it is tried. */
const triesMax = 5

/**
 * Looks at a partition as a router does that is about to own it. With `isRebasing`, where commands were cut: appends a stamped event
 * that says that they go on at the present end of their topic, and looks again. Whoever else writes meanwhile is no danger: the event
 * counts only where it was meant to stand. [G8] Safe to repeat, also beside running routers. Throws Fault.
 */
export const repairPartition = async (
  partition: number,
  ports: RepairPorts,
  { isRebasing }: { readonly isRebasing: boolean },
  signal: AbortSignal,
): Promise<Finding> => {
  const { log, topics, encoder, clock, logger } = ports
  const wire = wireOf(encoder)
  const reading = { log, events: topics.events, wire, brokerTime: createBrokerTime(clock), logger }
  const { partitions } = topics.events
  const restored = await readSnapshot(partition, { ...ports, wire }, signal)
  const state = restored?.state ?? createPartitionState(partition, partitions, wire)
  let reason: string | undefined
  for (let tries = 0; ; tries++) {
    try {
      await readToEnd(state, reading, signal, () => {})
      checkPartitions(state)
      const resume = await resumeAt(state, { ...reading, topics }, signal)
      return reason === undefined ? { outcome: 'whole', resume } : { outcome: 'rebased', resume, reason }
    } catch (error) {
      if (!(error instanceof PartitionStopped)) throw error
      if (!(error instanceof CommandsCut)) return { outcome: 'stopped', reason: error.message }
      reason = error.message
    }
    if (!isRebasing || tries === triesMax) return { outcome: 'cut', reason }
    await append(await rebased(state, wire, ports), partition, ports)
  }
}

/** Another number would be a mistake of the environment, and another partition of the commands. */
const checkPartitions = ({ head, partitions }: PartitionState): void => {
  const opened = head.opened?.partitions ?? partitions
  if (opened === partitions) return
  throw new Fault('partitions_mismatch', `the log has ${opened} partitions, CHAT_PARTITIONS says ${partitions}`, {
    isRetryable: false,
  })
}

const rebased = async (state: PartitionState, wire: Wire, { log, topics, clock }: RepairPorts): Promise<Draft> => {
  const next = (await log.ends(topics.commands)).get(state.partition) ?? 0
  return rebaseCommands(state, { type: 'CommandsRebased', next, at: clock.now() }, wire)
}

/** Reading tells whether it is there: an error says nothing, and an append may have been overtaken. */
const append = async ({ events }: Draft, partition: number, { log, topics, logger }: RepairPorts): Promise<void> => {
  try {
    await log.append({ topic: topics.events, partition, records: events.map(recordOf) })
  } catch (error) {
    if (!isFault(error)) throw error
    logger.warn({ err: error, partition }, 'append failed')
  }
}
