import * as limits from '../../protocol/limits.ts'
import { rates } from '../../protocol/rates.ts'

/** The limits of the protocol as a page: names and values are those that the code uses, the words are its comments. */
export const limitsTable = (source: string): string => {
  const rows = [...source.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export const (\w+)/g)].flatMap(
    ([, comment, name = '']) => rowOf(name, comment),
  )
  return [
    '# Limits of chat.v1',
    '',
    'Made by `npm run generate` from `schemas/protocol/limits.ts`, which is what enforces them. Text is counted in Unicode code points. More of',
    'something than is taken is refused: with `too_large` where only the size is wrong, with `too_many` where there are too many already, else',
    'with `invalid`. `hello` tells clients those that they need.',
    '',
    '| limit | | |',
    '|---|---|---|',
    ...rows,
    '',
    '## Rates',
    '',
    'Token buckets, from `schemas/protocol/rates.ts`: so many at once, then so many a second; beyond it `rate_limited` with `retryAfterMs`, and',
    'nothing was done. A write that is refused closes its device and conversation until that time is over. `CHAT_LIMITS=off` lifts all of them.',
    '',
    '| rate | at once | a second | of |',
    '|---|---|---|---|',
    ...Object.entries(rates).map(
      ([name, { burst, perSecond, of }]) =>
        `| \`${name}\` | ${burst.toLocaleString('en-US')} | ${perSecond.toLocaleString('en-US')} | ${of} |`,
    ),
    '',
  ].join('\n')
}

const rowOf = (name: string, comment: string | undefined): readonly string[] => {
  const value = (limits as Readonly<Record<string, unknown>>)[name]
  if (typeof value !== 'number') return []
  if (comment === undefined) throw new Error(`schemas/protocol/limits.ts: ${name} has no comment to say what it bounds`)
  const words = comment.replaceAll(/\s*\n\s*\* ?/g, ' ').trim()
  return [`| \`${name}\` | ${amountOf(name, value)} | ${words} |`]
}

/** By the unit at the end of the name. */
const amountOf = (name: string, value: number): string => {
  const plain = value.toLocaleString('en-US')
  if (/Bytes(Max|Min)?$/.test(name)) return value % 1024 === 0 ? `${value / 1024} KiB` : `${plain} bytes`
  if (/(CodePoints|Chars)(Max|Min)?$/.test(name)) return `${plain} characters`
  if (/Ms(Max|Min)?$|MaxMs$/.test(name)) return duration(value)
  return plain
}

const duration = (ms: number): string => {
  for (const [unit, size] of [
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1_000],
  ] as const)
    if (ms >= size && ms % size === 0) return `${ms / size} ${unit}`
  return `${ms} ms`
}
