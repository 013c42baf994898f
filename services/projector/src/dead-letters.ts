import type { EventLog } from '@chat/event-log'
import { isFault, type Logger } from '@chat/runtime'
import type { Encoder, Topic, Topics } from '@chat/schemas'
import { type Dead, deadLetterOf } from './batch.ts'

interface Ports {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly logger: Logger
}

/**
 * Puts records aside, before the offset moves past them: a crash between the two makes a second copy with the same origin, never none.
 * Throws Fault when the log takes nothing.
 */
export const buryRecords = async (
  { log, topics, encoder, logger }: Ports,
  origin: Topic,
  partition: number,
  dead: readonly Dead[],
): Promise<void> => {
  const write = (entry: Dead) => {
    const { schema, value } = encoder.encode(deadLetterOf(origin.name, partition, entry))
    const key = `${origin.name}|${partition}|${entry.record.offset}`
    return log.append({
      topic: topics.deadLetters,
      partition,
      records: [{ key, value, headers: { type: 'DeadLetter', schema } }],
    })
  }
  for (const entry of dead) {
    const { record, reason, detail } = entry
    logger.warn({ topic: origin.name, partition, offset: record.offset, reason, detail }, 'record cannot be used')
    try {
      await write(entry)
    } catch (error) {
      if (!isFault(error, 'record_too_large')) throw error
      // With its origin around it, it no longer fits: the origin is what counts.
      const shorter = { ...entry, detail: `${detail} (value left out: too large)`, record: { ...record, value: null } }
      await write(shorter)
    }
  }
}
