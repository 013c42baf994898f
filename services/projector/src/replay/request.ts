import { parseArgs } from 'node:util'
import { parseConversation, partitionOfConversation, schemas } from '@chat/schemas'

/** Which events are meant. Absent bounds and sets mean all. */
export interface Selection {
  /** Of every partition; inclusive. */
  readonly fromPos: number
  /** Of every partition; exclusive. undefined: what the log has when the replay begins. */
  readonly toPos: number | undefined
  /** By the event's own `at`, ms since the epoch: inclusive, exclusive. */
  readonly fromMs: number | undefined
  readonly toMs: number | undefined
  readonly types: ReadonlySet<string> | undefined
  readonly conversation: string | undefined
  readonly partition: number | undefined
}

/** What `npm run replay -- …` asks for. */
export interface ReplayRequest {
  readonly selection: Selection
  readonly format: 'json' | 'text'
  /** The file of an interrupted replay to go on with, or a new one; undefined: stdout. */
  readonly file: string | undefined
}

export const replayUsage = `usage: npm run replay [-- OPTION …]: the valid events of the log, partition after partition, on stdout
  --from OFFSET|TIME   from this offset of every partition on, or events of this time and later
  --to OFFSET|TIME     before it; without it up to the end that the log has now
  --types A,B          only events of these types: MessagePosted,MemberJoined
  --conversation ID    only events of this conversation: d<lo>.<hi> or g<n>
  --partition N        only this partition
  --json               JSON lines
  --resume FILE        JSON lines into FILE, going on behind those that it has; give the same other options
  TIME is 2026-11-28 (UTC), 2026-11-28T10:00Z or 2026-11-28T10:00:00.000+01:00.
`

/** All that is wrong with the options in one message. */
export class ReplayRequestError extends Error {
  override readonly name = 'ReplayRequestError'
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(`options are wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}\n${replayUsage}`)
    this.problems = problems
  }
}

const options = {
  from: { type: 'string' },
  to: { type: 'string' },
  types: { type: 'string' },
  conversation: { type: 'string' },
  partition: { type: 'string' },
  json: { type: 'boolean' },
  resume: { type: 'string' },
} as const

type Name = keyof typeof options

/** Throws one ReplayRequestError that names every problem. */
export const parseReplayArgs = (args: readonly string[], partitions: number): ReplayRequest => {
  const problems: string[] = []
  const given = readOptions(args, problems)
  const from = readBound('from', given, problems)
  const to = readBound('to', given, problems)
  if (from !== undefined && to !== undefined && from.kind === to.kind && from.value >= to.value)
    problems.push(`--from ${given.get('from')} does not lie before --to ${given.get('to')}`)
  const types = readTypes(given.get('types'), problems)
  const partition = readPartition(given, partitions, problems)
  if (given.has('json') && given.has('resume')) problems.push('--resume writes JSON lines to its file: without --json')
  if (problems.length > 0) throw new ReplayRequestError(problems)
  const file = given.get('resume')
  return {
    selection: {
      fromPos: from?.kind === 'offset' ? from.value : 0,
      toPos: to?.kind === 'offset' ? to.value : undefined,
      fromMs: from?.kind === 'time' ? from.value : undefined,
      toMs: to?.kind === 'time' ? to.value : undefined,
      types,
      conversation: given.get('conversation'),
      partition,
    },
    format: given.has('json') || file !== undefined ? 'json' : 'text',
    file,
  }
}

/** By hand over the tokens: in its strict mode `parseArgs` stops at the first problem. */
const readOptions = (args: readonly string[], problems: string[]): ReadonlyMap<Name, string> => {
  const given = new Map<Name, string>()
  for (const token of parseArgs({ args: [...args], options, strict: false, tokens: true }).tokens) {
    if (token.kind === 'option-terminator') continue
    if (token.kind === 'positional') {
      problems.push(`${token.value} is no option`)
      continue
    }
    const { rawName, value } = token
    const name = (Object.keys(options) as Name[]).find((known) => known === token.name && rawName === `--${known}`)
    if (name === undefined) problems.push(`there is no option ${rawName}`)
    else if (given.has(name)) problems.push(`${rawName} is given twice`)
    else if (options[name].type === 'boolean' && value !== undefined) problems.push(`${rawName} takes no value`)
    else if (options[name].type === 'string' && (value === undefined || value === '' || value.startsWith('--')))
      problems.push(`${rawName} needs a value`)
    else given.set(name, value ?? '')
  }
  return given
}

interface Bound {
  readonly kind: 'offset' | 'time'
  readonly value: number
}

const readBound = (name: 'from' | 'to', given: ReadonlyMap<Name, string>, problems: string[]): Bound | undefined => {
  const text = given.get(name)
  if (text === undefined) return undefined
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return { kind: 'offset', value: Number(text) }
  const ms = timeOf(text)
  if (ms !== undefined) return { kind: 'time', value: ms }
  problems.push(`--${name} must be an offset or a time with its zone, not ${text}`)
  return undefined
}

/** A time without its zone would mean something else on another machine. */
const timeOf = (text: string): number | undefined => {
  const match = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.exec(text)
  const [day, ms] = [Date.parse(`${match?.[1]}T00:00:00Z`), Date.parse(text)]
  if (match === null || Number.isNaN(day) || Number.isNaN(ms)) return undefined
  return new Date(day).toISOString().startsWith(match[1] ?? '') ? ms : undefined // 30 February is 2 March to Date.
}

const eventTypes: readonly string[] = [
  ...new Set(
    Object.values(schemas).flatMap(({ namespace, name }) => (namespace === 'chat.events' ? [String(name)] : [])),
  ),
]

const readTypes = (text: string | undefined, problems: string[]): ReadonlySet<string> | undefined => {
  if (text === undefined) return undefined
  const types = text.split(',').map((type) => type.trim())
  for (const type of types)
    if (!eventTypes.includes(type))
      problems.push(`--types: there is no event ${JSON.stringify(type)}; there are ${eventTypes.join(', ')}`)
  return new Set(types)
}

const readPartition = (
  given: ReadonlyMap<Name, string>,
  partitions: number,
  problems: string[],
): number | undefined => {
  const [text, conversation] = [given.get('partition'), given.get('conversation')]
  const asked = text === undefined ? undefined : /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (asked !== undefined && !(asked < partitions))
    problems.push(`--partition must be an integer from 0 to ${partitions - 1}, not ${text}`)
  if (conversation === undefined) return asked
  if (parseConversation(conversation) === undefined) {
    problems.push(`--conversation must be d<lo>.<hi> or g<n>, not ${conversation}`)
    return asked
  }
  // All events of a conversation lie in one partition: the others need not be read.
  const home = partitionOfConversation(conversation, partitions)
  if (asked !== undefined && asked !== home)
    problems.push(`--partition ${text} has nothing of ${conversation}, whose partition is ${home}`)
  return home
}
