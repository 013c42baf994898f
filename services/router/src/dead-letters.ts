import type { DeadCommand } from '@chat/domain'
import type { EventLog, NewRecord, StoredRecord } from '@chat/event-log'
import { type Backoff, type Clock, isFault, type Logger, type Random, retry } from '@chat/runtime'
import type { Encoder, Topics } from '@chat/schemas'
import type { RouterMetrics } from './metrics.ts'

interface Ports {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: RouterMetrics
}

const backoff: Backoff = { firstMs: 50, maxMs: 2000 }

/**
 * Copies commands that cannot be used to the dead letters, before their refusal is written: a crash between the two makes a second
 * copy with the same origin, never none. Waits for a log that is away, as the events would have to.
 */
export const createDeadLetters = (partition: number, ports: Ports) => {
  const { log, topics, encoder, clock, random, logger, metrics } = ports
  let lastBuried = -1

  const letter = (
    { cmd, reason, detail }: DeadCommand,
    record: Pick<StoredRecord, 'headers' | 'value'> | undefined,
  ): NewRecord => {
    const { schema, value } = encoder.encode({
      type: 'DeadLetter',
      topic: topics.commands.name,
      partition,
      offset: cmd,
      reason,
      detail,
      headers: record?.headers ?? {},
      value: record?.value == null ? null : Buffer.from(record.value),
    })
    return {
      key: `${topics.commands.name}|${partition}|${cmd}`,
      value,
      headers: { type: 'DeadLetter', schema },
    }
  }

  const write = (record: NewRecord, signal: AbortSignal) =>
    retry(() => log.append({ topic: topics.deadLetters, partition, records: [record] }), {
      clock,
      random,
      backoff,
      isRetryable: (error) => isFault(error) && error.isRetryable,
      onRetry: (error, attempt) => {
        if (attempt === 0) logger.warn({ err: error, partition }, 'dead letters take no records, waiting')
      },
      signal,
    })

  return async (
    dead: readonly DeadCommand[],
    commands: readonly { readonly cmd: number; readonly record: StoredRecord }[],
    signal: AbortSignal,
  ): Promise<void> => {
    // One record each: a command may be almost as large as a request may be. A batch decided again is not copied again.
    for (const command of dead.filter(({ cmd }) => cmd > lastBuried)) {
      logger.warn({ partition, ...command }, 'command cannot be used')
      const record = commands.find(({ cmd }) => cmd === command.cmd)?.record
      try {
        await write(letter(command, record), signal)
      } catch (error) {
        if (!isFault(error, 'record_too_large')) throw error
        // With its origin around it, it no longer fits: the origin is what counts.
        const detail = `${command.detail} (value left out: too large)`
        await write(letter({ ...command, detail }, { headers: record?.headers ?? {}, value: null }), signal)
      }
      lastBuried = command.cmd
      metrics.deadLetters.inc()
    }
  }
}
