import { type Clock, Fault, type Logger } from '@chat/runtime'
import type { Cursor } from './cursor.ts'
import type { FetchLoop } from './fetch-loop.ts'
import type { Offsets } from './offsets.ts'

/** No progress for so long while there is more to read: the connection is replaced, the second time the process exits. */
export const silenceMsMax = 10_000

export interface Watched {
  readonly cursor: Cursor
  loop: FetchLoop | undefined
  /** Times in a row that it was found silent. */
  strikes: number
  struckAt: number
}

export interface WatchdogOptions {
  readonly offsets: Offsets
  readonly clock: Clock
  readonly logger: Logger
  /** A partition stays silent although there is more to read, and a new connection did not help. */
  readonly onFatal: (error: unknown) => void
  readonly silenceMsMax: number
}

/** Looks for cursors that stand still below the end of their partition. */
export const checkSilence = async (all: Iterable<Watched>, options: WatchdogOptions): Promise<void> => {
  for (const watched of [...all]) {
    const { cursor } = watched
    if (cursor.progressAt() > watched.struckAt) watched.strikes = 0
    const quietSince = Math.max(cursor.progressAt(), watched.struckAt)
    if (!cursor.isWanting() || options.clock.monotonic() - quietSince < options.silenceMsMax) continue
    await strikeIfBehind(watched, options)
  }
}

const strikeIfBehind = async (watched: Watched, { offsets, clock, logger, onFatal }: WatchdogOptions) => {
  const { cursor } = watched
  const { topic, partition } = cursor
  const next = cursor.next()
  const end = await offsets
    .of(topic, 'end', [partition])
    .then((ends) => ends.get(partition))
    // Nobody answers: an outage, which is waited out.
    .catch(() => undefined)
  if (end === undefined || end <= next || cursor.next() !== next || !cursor.isWanting()) return
  watched.strikes++
  watched.struckAt = clock.monotonic()
  const { strikes } = watched
  logger.warn({ topic: topic.name, partition, next, end, strikes }, 'a tail is silent although there is more to read')
  if (strikes > 1) onFatal(new Fault('log_silent', `${topic.name}/${partition} is silent at ${next}`))
  watched.loop?.restart()
}
