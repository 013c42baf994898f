import { createIntern, type HistoryEvent, type Intern } from './history.ts'

type Check = (value: unknown) => boolean
type What = HistoryEvent['what']
type EventOf<W extends What> = Extract<HistoryEvent, { readonly what: W }>
type Checks<W extends What> = { readonly [Field in Exclude<keyof EventOf<W>, 'what' | 'at'>]: Check }

const text: Check = (value) => typeof value === 'string'
const whole: Check = (value) => Number.isSafeInteger(value)
const flag: Check = (value) => typeof value === 'boolean'
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)

const seen = { seq: whole, type: text, actor: whole, clientMsgId: orNull(text), print: whole }
const columns = { seqs: listOf(whole), clientMsgIds: listOf(orNull(text)), prints: listOf(whole) }
const connection = { device: text, connection: whole }

const seenEvent: Check = (value) =>
  object(value) && Object.entries(seen).every(([field, check]) => check((value as Record<string, unknown>)[field]))

/** What a line may hold, field by field; the compiler asks for every field of every kind. */
const checks: { readonly [W in What]: Checks<W> } = {
  started: { label: text, wallMs: whole, clockErrorMs: whole },
  device: { device: text, user: whole },
  connected: { ...connection, connector: text },
  closed: { ...connection, code: whole },
  invoked: {
    ...connection,
    ref: whole,
    op: text,
    conversation: orNull(text),
    clientMsgId: orNull(text),
    text: orNull(text),
    after: orNull(text),
    seq: orNull(whole),
  },
  answered: {
    ...connection,
    ref: whole,
    outcome: oneOf('ok', 'error'),
    code: orNull(text),
    isFinal: flag,
    conversation: orNull(text),
    seq: orNull(whole),
    position: orNull(text),
    isDuplicate: flag,
  },
  pushed: { ...connection, conversation: text, ...seen },
  paged: {
    ...connection,
    ref: whole,
    by: oneOf('sync', 'history'),
    conversation: text,
    after: orNull(whole),
    from: whole,
    to: whole,
    readSeq: orNull(whole),
    events: listOf(seenEvent),
  },
  shown: {
    device: text,
    conversation: text,
    seq: whole,
    clientMsgId: orNull(text),
    by: oneOf('push', 'sync', 'history'),
  },
  receiptPushed: { device: text, conversation: text, user: whole, deliveredSeq: whole, readSeq: whole },
  presenceSeen: { device: text, user: whole, isOnline: flag },
  unwatched: { device: text, users: listOf(whole) },
  faultBegun: { fault: whole, name: text, target: text },
  faultEnded: { fault: whole },
  probed: { fault: whole, conversation: text, clientMsgId: text },
  measured: {
    process: text,
    phase: oneOf('start', 'run', 'end'),
    rssBytes: whole,
    heldBytes: whole,
    handles: whole,
    timers: orNull(whole),
  },
  logged: {
    topic: oneOf('events', 'receipts'),
    partition: whole,
    offset: whole,
    appendedMs: whole,
    schema: orNull(text),
    type: orNull(text),
    pos: orNull(text),
    cmd: orNull(text),
    chain: orNull(text),
    value: text,
  },
  row: { table: text, row: object },
  deviceState: { device: text, conversation: text, coveredTo: whole, ...columns },
  userHistory: { user: whole, conversation: text, unread: orNull(whole), readSeq: orNull(whole), ...columns },
  dumped: { source: oneOf('log', 'rows', 'devices', 'histories'), count: whole },
  ended: { lines: whole },
}

const fieldsOf = new Map(Object.entries(checks).map(([what, fields]) => [what, Object.entries<Check>(fields)]))

export const encodeLine = (event: HistoryEvent): string => `${JSON.stringify(event)}\n`

/** Throws, naming line and field, for anything that is no complete line of a history. */
const parseLine = (line: string, number: number, intern: Intern): HistoryEvent => {
  const parsed = JSON.parse(line)
  const fields = fieldsOf.get(parsed?.what)
  if (fields === undefined) throw new Error(`line ${number}: there is no ${String(parsed?.what)} in a history`)
  if (!whole(parsed.at)) throw new Error(`line ${number}: at is ${JSON.stringify(parsed.at)}`)
  for (const [field, check] of fields)
    if (!check(parsed[field])) throw new Error(`line ${number}: ${field} is ${JSON.stringify(parsed[field])}`)
  internFields(parsed, intern)
  if (Array.isArray(parsed.events)) for (const event of parsed.events) internFields(event, intern)
  if (Array.isArray(parsed.clientMsgIds))
    parsed.clientMsgIds = parsed.clientMsgIds.map((id: string | null) => (id === null ? null : intern(id)))
  return parsed
}

/** Of these the same text comes back again and again; texts, positions and values are of one line only. */
const internedFields = ['what', 'device', 'conversation', 'clientMsgId', 'after', 'type', 'op', 'table', 'schema']

const internFields = (parsed: Record<string, unknown>, intern: Intern) => {
  for (const field of internedFields) {
    const value = parsed[field]
    if (typeof value === 'string') parsed[field] = intern(value)
  }
}

/**
 * The history in these lines. Throws for a line that is none, for time that goes back, and when the last line does not count what is
 * above it: a file that was cut short, or lost a line, proves nothing.
 */
export const parseHistory = async (
  lines: AsyncIterable<string> | Iterable<string>,
): Promise<readonly HistoryEvent[]> => {
  const intern = createIntern()
  const history: HistoryEvent[] = []
  let at = 0
  for await (const line of lines) {
    if (line === '') continue
    const event = parseLine(line, history.length + 1, intern)
    if (event.at < at) throw new Error(`line ${history.length + 1}: at goes back from ${at} to ${event.at}`)
    at = event.at
    history.push(event)
  }
  const last = history.at(-1)
  if (last?.what !== 'ended') throw new Error('the history has no end')
  if (last.lines !== history.length - 1) throw new Error(`${history.length - 1} lines where ${last.lines} were written`)
  return history
}
