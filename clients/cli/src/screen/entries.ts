import type { ChatEvent, Message } from '@chat/sdk'
import type { Names } from '../names.ts'
import { bodyText, happening } from '../text/describe.ts'
import { localClock, localMinute } from '../text/moments.ts'
import { safeLine } from '../text/safe-text.ts'

/** What stands in a conversation, as it is shown. All text is safe. */
export type Entry =
  | {
      /** `pending`: on its way; `failed`: refused, `note` says why. */
      readonly kind: 'message' | 'happening' | 'pending' | 'failed'
      readonly time: string
      /** Its `seq`, for commands; of what has none a sign. */
      readonly label: string
      readonly name: string
      readonly text: string
      readonly note: string
    }
  | { readonly kind: 'day'; readonly day: string }

interface Shown {
  readonly messages: readonly Message[]
  readonly events: readonly ChatEvent[]
}

/** Messages and what else happened, the newest first, a line above each day. */
export function* newestFirst({ messages, events }: Shown, names: Names): Generator<Entry> {
  let day: string | undefined
  for (const { entry, at } of merged(messages, events, names)) {
    const own = at === undefined ? day : localMinute(at).slice(0, 10)
    if (day !== undefined && own !== undefined && own !== day) yield { kind: 'day', day }
    day = own
    yield entry
  }
  if (day !== undefined) yield { kind: 'day', day }
}

interface Placed {
  readonly entry: Entry
  readonly at: string | undefined
}

function* merged(messages: readonly Message[], events: readonly ChatEvent[], names: Names): Generator<Placed> {
  let event = events.length - 1
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i]
    if (message === undefined) break
    if ('seq' in message) {
      for (; (events[event]?.seq ?? 0) > message.seq; event--) yield* happened(events[event], names)
      yield { entry: logged(message, names), at: message.at }
    } else yield { entry: pending(message, names), at: undefined }
  }
  for (; event >= 0; event--) yield* happened(events[event], names)
}

function* happened(event: ChatEvent | undefined, names: Names): Generator<Placed> {
  const text = event === undefined ? undefined : happening(event, names)
  if (event === undefined || text === undefined) return
  const { at, seq } = event
  yield { entry: { kind: 'happening', time: localClock(at), label: String(seq), name: '', text, note: '' }, at }
}

const logged = (message: Extract<Message, { readonly seq: number }>, names: Names): Entry => {
  const body = message.state === 'deleted' ? undefined : message.body
  const notes =
    message.state === 'deleted' ? [] : [message.editedSeq === undefined ? '' : '(edited)', reactions(message)]
  const reply = message.replyTo === undefined ? '' : `↳ ${message.replyTo} `
  return {
    kind: 'message',
    time: localClock(message.at),
    label: String(message.seq),
    name: names.of(message.actor),
    text: `${reply}${bodyText(body)}`,
    note: notes.filter((note) => note !== '').join(' '),
  }
}

const reactions = ({ reactions: all = {} }: Extract<Message, { readonly state: 'logged' }>): string =>
  Object.entries(all)
    .map(([emoji, users]) => `${safeLine(emoji)}${users.length > 1 ? users.length : ''}`)
    .join(' ')

const pending = (message: Exclude<Message, { readonly seq: number }>, names: Names): Entry => {
  const isFailed = message.state === 'failed'
  return {
    kind: isFailed ? 'failed' : 'pending',
    ...{ time: '', label: isFailed ? '✗' : '…', name: names.of(message.actor), text: bodyText(message.body) },
    note: isFailed ? `(${safeLine(message.code ?? 'failed')}; /discard takes it away)` : '',
  }
}
