import type { FoundMessage } from '@chat/sdk'
import type { Command, Context } from '../command.ts'
import { usageError } from '../exit.ts'
import { pagesOf } from '../pages.ts'
import { findConversation } from '../targets.ts'
import { localMinute } from '../text/moments.ts'
import { safeLine } from '../text/safe-text.ts'

/** Messages that one `search` finds at most. */
const foundMax = 1_000
const wordsMax = 100

const search: Command = {
  name: 'search',
  takes: 'TEXT…',
  words: { min: 1, max: 100 },
  options: {
    in: { takes: 'CONVERSATION', about: 'only there' },
    limit: { takes: 'N', about: `so many at most: 1 to ${foundMax}, 20 by default` },
  },
  summary: 'Messages with these words in your conversations, the newest first.',
  run: async (context, args) => {
    const limit = args.number('limit', 1, foundMax) ?? 20
    const where = args.text('in')
    const conversation = where === undefined ? {} : { conversation: await findConversation(context, where) }
    const query = { query: args.words.join(' '), ...conversation }
    let count = 0
    for await (const { items } of pagesOf((bounds) => context.asking.read('search', { ...query, ...bounds }), limit)) {
      await context.names.lookUp(items.map(({ actor }) => actor))
      for (const item of items) context.print(item, foundLine(item, context))
      count += items.length
    }
    if (count === 0) context.note('nothing')
  },
}

const foundLine = ({ conversation, seq, at, actor, snippet, highlights }: FoundMessage, context: Context): string => {
  const { style, names } = context
  const characters = Array.from(snippet)
  let [text, done] = ['', 0]
  for (const [from, to] of highlights) {
    text += safeLine(characters.slice(done, from).join('')) + style.bold(safeLine(characters.slice(from, to).join('')))
    done = to
  }
  text += safeLine(characters.slice(done).join(''))
  return `${style.dim(`${safeLine(conversation)}/${seq}  ${localMinute(at)}`)}  ${names.of(actor)}: ${text}`
}

const popular: Command = {
  name: 'popular',
  words: { min: 0, max: 0 },
  options: {
    n: { takes: 'N', about: `so many words at most: 1 to ${wordsMax}, 10 by default` },
    from: { takes: 'TIME', about: 'since then, to the hour: 2026-01-31T12:00Z; by default the current hour' },
    to: { takes: 'TIME', about: 'until then' },
  },
  summary: 'The words that are written most, in the current hour or between two times.',
  run: async ({ asking, print, note }, args) => {
    const n = args.number('n', 1, wordsMax) ?? 10
    const bounds = { ...timeOf('from', args.text('from')), ...timeOf('to', args.text('to')) }
    const { words } = await asking.read('popular', { n, ...bounds })
    for (const { word, count } of words) print({ word, count }, `${String(count).padStart(6)}  ${safeLine(word)}`)
    if (words.length === 0) note('no words')
  },
}

const timeOf = (name: 'from' | 'to', text: string | undefined): { readonly [Name in typeof name]?: string } => {
  if (text === undefined) return {}
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw usageError(`--${name} is a time such as 2026-01-31T12:00Z`)
  return { [name]: new Date(ms).toISOString() }
}

export const wordCommands: readonly Command[] = [search, popular]
