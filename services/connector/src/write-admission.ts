import { type Clock, every, type Metrics, type Random } from '@chat/runtime'
import type { Topics } from '@chat/schemas'
import { refused } from './answer.ts'
import { partitionOfDraft } from './commands.ts'
import type { Answer, CommandDraft, CommandOutcome, Commands } from './ports.ts'
import type { Turns } from './socket/turns.ts'
import { createWriteLimit } from './write-limit.ts'

/** When those who were refused come back, ms: drawn anew for each, so that they do not come together again. */
export const retryFirstMs = 1000
export const retryLastMs = 3000
/** How often is looked how late the event loop is, ms. Frames that came meanwhile were not read for as long. */
const lagEveryMs = 250

/**
 * Lets the writes of clients through to the log while replies come in time, and refuses at once what would wait too long: under
 * overload some are served soon and the others hear so soon, instead of all waiting until all have given up.
 */
export interface WriteAdmission {
  start(): void
  /** As `Commands.submit`. An answer instead: too many wait already; nothing was sent or will be. */
  submit(draft: CommandDraft): Promise<CommandOutcome> | Answer
  /** Moves what was counted into the metrics. */
  publish(): void
  stop(): void
}

interface WriteAdmissionPorts {
  readonly commands: Commands
  readonly turns: Pick<Turns, 'waitedMs'>
  readonly topics: Topics
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
}

export const createWriteAdmission = (ports: WriteAdmissionPorts): WriteAdmission => {
  const { commands, turns, topics, clock, random, metrics } = ports
  let lagMs = 0
  const limit = createWriteLimit(clock, () => Math.max(lagMs, turns.waitedMs()))
  const limitGauge = metrics.gauge('chat_connector_write_limit', 'Writes that may wait for a reply', ['partition'])
  const pendingGauge = metrics.gauge('chat_connector_pending_writes', 'Writes that wait for a reply')
  const refusals = metrics.counter('chat_connector_writes_refused_total', 'Writes refused because too many waited')
  let refusedSince = 0
  let cancelLook = () => {}

  const lookAtLag = () => {
    let dueMs = clock.monotonic() + lagEveryMs
    cancelLook = every(clock, lagEveryMs, () => {
      lagMs = Math.max(0, clock.monotonic() - dueMs)
      dueMs = clock.monotonic() + lagEveryMs
    })
  }

  const submit = async (draft: CommandDraft, partition: number): Promise<CommandOutcome> => {
    const begunMs = clock.monotonic()
    let how: 'replied' | 'failed' = 'failed'
    try {
      const outcome = await commands.submit(draft)
      how = 'replied'
      return outcome
    } finally {
      limit.end(partition, begunMs, how)
    }
  }

  return {
    start: lookAtLag,
    stop: () => cancelLook(),
    submit: (draft) => {
      const partition = partitionOfDraft(draft, topics.commands.partitions)
      if (limit.begin(partition)) return submit(draft, partition)
      refusedSince++
      const retryAfterMs = Math.round(retryFirstMs + random.fraction() * (retryLastMs - retryFirstMs))
      return refused('unavailable', 'too many write at once', retryAfterMs)
    },
    publish: () => {
      for (const [partition, most] of limit.limits()) limitGauge.set({ partition }, most)
      pendingGauge.set(limit.pending())
      refusals.inc(refusedSince)
      refusedSince = 0
    },
  }
}
