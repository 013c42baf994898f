import type { LogEvent } from '@chat/schemas'
import type { StoredConversation } from './conversations.ts'
import { countedWordsOf } from './counted-words.ts'
import { bodyTextOf } from './events.ts'
import type { PopularQuery, WordCount } from './index.ts'
import type { Place } from './place.ts'
import type { Snapshot } from './snapshot.ts'
import { storable, type Table } from './table.ts'

/** Different words counted in one hour and partition; those that come later in it are not counted any more. */
export const wordsOfHourMax = 10_000
const hourMs = 3_600_000

/** How often a word was written in an hour, as far as one partition of the log knows. */
export interface StoredWordCount {
  readonly partition: number
  /** Hours since the epoch. */
  readonly hour: number
  readonly word: string
  readonly count: number
}

export const wordsByHour: Table<StoredWordCount> = {
  name: 'words_by_hour',
  key: ['partition', 'hour', 'word'],
  columns: { partition: 'integer', hour: 'integer', word: 'text', count: 'integer' },
}

/** The counts of the newest hour of a partition. */
export interface WordsOfHour {
  readonly hour: number
  readonly counts: ReadonlyMap<string, number>
}

export const noWordsOfHour: WordsOfHour = { hour: 0, counts: new Map() }

interface Prior {
  readonly conversation: Pick<StoredConversation, 'visibility' | 'join_policy'> | undefined
  readonly words: WordsOfHour
}

/**
 * The words of what was posted where everybody may read: in public groups that everybody may join. What was said in private never
 * counts, so that no list tells of it. A message counts as it was posted, in the hour of its `at`, but in no hour before the newest of its
 * partition: what is counted is a function of the log, and only the newest hour has to be known.
 */
export const projectWords = (event: LogEvent, place: Place, prior: Prior): readonly StoredWordCount[] => {
  if (event.type !== 'MessagePosted' || !isOpenToAll(prior.conversation)) return []
  const text = bodyTextOf({ body: JSON.parse(Buffer.from(event.body).toString('utf8')) as unknown })
  if (text === undefined) return []
  const hour = Math.max(Math.floor(event.at / hourMs), prior.words.hour)
  const before = hour === prior.words.hour ? prior.words.counts : noWordsOfHour.counts
  const counts = new Map<string, number>()
  let added = 0
  for (const written of countedWordsOf(text)) {
    const word = storable(written)
    const count = counts.get(word) ?? before.get(word)
    if (count === undefined && before.size + ++added > wordsOfHourMax) continue
    counts.set(word, (count ?? 0) + 1)
  }
  return Array.from(counts, ([word, count]) => ({ partition: place.partition, hour, word, count }))
}

const isOpenToAll = (conversation: Prior['conversation']): boolean =>
  conversation?.visibility === 'public' && conversation.join_policy === 'open'

/** Rows looked at for a page, at most: words that are hidden stand among them. */
const rowsMax = 10_000

/** The most written words of the hours that the window touches, by count, then by word. */
export const popularWords = async (
  snapshot: Snapshot,
  { from, to, n, isHidden }: PopularQuery,
): Promise<readonly WordCount[]> => {
  const hours = { from: Math.floor(from / hourMs), to: Math.ceil(to / hourMs) - 1 }
  for (let limit = n + 100; ; limit *= 4) {
    const found = await snapshot.wordCounts(hours, Math.min(limit, rowsMax))
    const shown = found.filter(({ word }) => !isHidden(word)).slice(0, n)
    if (shown.length === n || found.length < limit || limit >= rowsMax) return shown
  }
}
