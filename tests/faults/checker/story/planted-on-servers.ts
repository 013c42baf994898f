import type { LogEvent } from '@chat/schemas'
import type { Logged } from '../../history.ts'
import { type Draft, eventOf, restamp, withEvent } from './edit.ts'
import { type PlantedFault, plain, subtle } from './planted.ts'

type Message = Extract<LogEvent, { readonly type: 'MessagePosted' }>
type Placed = Extract<LogEvent, { readonly seq: number }>

/** Of a message that no device sent. */
const unheardId = '019b7600-0000-7000-8000-000000000000'

const isMessage = ({ topic, type }: Logged) => topic === 'events' && type === 'MessagePosted'

/** Ids of messages that were accepted. */
const acceptedIds = (draft: Draft): ReadonlySet<string> => {
  const ids = new Map(draft.all('invoked').map((line) => [line.device + line.ref, line.clientMsgId]))
  const ok = draft.all('answered', ({ outcome }) => outcome === 'ok').map(({ device, ref }) => ids.get(device + ref))
  return new Set(ok.filter((id) => typeof id === 'string'))
}

const acceptedMessage = (draft: Draft): Logged => {
  const accepted = acceptedIds(draft)
  return draft.one('logged', (line) => isMessage(line) && accepted.has((eventOf(line) as Message).clientMsgId))
}

/** At the end of the message's partition, as the next event of its conversation. */
const appendCopy = (draft: Draft, line: Logged, change: Partial<Message>): void => {
  const inPartition = draft.all('logged', ({ topic, partition }) => topic === 'events' && partition === line.partition)
  const message = eventOf(line) as Message
  const inConversation = inPartition.filter((other) => conversationOf(other) === message.conversation)
  const seq = inConversation.length + 1
  const last = inPartition.at(-1) ?? line
  draft.insertAfter(last, withEvent({ ...line, appendedMs: last.appendedMs }, { ...message, seq, ...change }))
  restamp(draft, line.partition)
}

const conversationOf = (line: Logged): string | undefined => {
  const event = eventOf(line)
  return 'conversation' in event ? event.conversation : undefined
}

/** The events of two records of one conversation change places; their seqs stay where they are. */
const exchange = (draft: Draft, first: Logged, second: Logged): void => {
  const [a, b] = [eventOf(first) as Placed, eventOf(second) as Placed]
  draft.replace(first, withEvent(first, { ...b, seq: a.seq }))
  draft.replace(second, withEvent(second, { ...a, seq: b.seq }))
  restamp(draft, first.partition)
}

const rewrite = (draft: Draft, line: Logged, change: Partial<Message>): void => {
  draft.replace(line, withEvent(line, { ...(eventOf(line) as Message), ...change }))
  restamp(draft, line.partition)
}

/** The records of one conversation, for which there are two that fit. */
const twoOf = (
  draft: Draft,
  isFirst: (event: Placed) => boolean,
  isSecond: (event: Placed, first: Placed) => boolean,
): readonly [Logged, Logged] => {
  const byConversation = Map.groupBy(
    draft.all('logged', ({ topic }) => topic === 'events'),
    (line) => conversationOf(line) ?? '',
  )
  byConversation.delete('')
  for (const lines of byConversation.values())
    for (const first of lines) {
      const event = eventOf(first) as Placed
      if (!isFirst(event)) continue
      const second = lines.find((line) => isSecond(eventOf(line) as Placed, event))
      if (second !== undefined) return [first, second]
    }
  throw new Error('no two events fit')
}

const inTheLog: readonly PlantedFault[] = [
  subtle('an accepted message is not in the log', 'I1', (draft) => {
    const line = acceptedMessage(draft)
    draft.remove(line)
    restamp(draft, line.partition)
  }),
  subtle('an accepted message is in the log twice', 'I1', (draft) => appendCopy(draft, acceptedMessage(draft), {})),
  plain('a stamp that does not fit its offset', 'I1', (draft) => {
    const line = acceptedMessage(draft)
    draft.replace(line, { ...line, pos: String(line.offset + 1) })
  }),
  subtle('two events share a seq', 'I3', (draft) => {
    const line = draft.one('logged', (other) => isMessage(other) && (eventOf(other) as Message).seq > 1)
    rewrite(draft, line, { seq: (eventOf(line) as Message).seq - 1 })
  }),
  subtle('the log was cut and nobody noticed', 'I4', (draft) => {
    const { partition } = acceptedMessage(draft)
    const tail = draft.all('logged', (line) => line.topic === 'events' && line.partition === partition).slice(-3)
    const [first, ...others] = tail
    const last = others.at(-1)
    if (first === undefined || last === undefined) throw new Error('the partition is too short')
    draft.remove(...others)
    draft.replace(first, { ...last, offset: first.offset, pos: first.pos })
  }),
  plain('an event cannot be decoded', 'I4', (draft) => {
    const line = acceptedMessage(draft)
    draft.replace(line, { ...line, value: line.value.slice(0, 12) })
    restamp(draft, line.partition)
  }),
  plain('a message that nobody sent', 'I5', (draft) =>
    appendCopy(draft, acceptedMessage(draft), { clientMsgId: unheardId }),
  ),
  plain('a message with another text than was sent', 'I5', (draft) =>
    rewrite(draft, acceptedMessage(draft), { body: Buffer.from('{"kind":"text","text":"other"}') }),
  ),
  plain('a message of somebody who had left', 'I5', (draft) => {
    const [said, left] = twoOf(
      draft,
      (event) => event.type === 'MessagePosted',
      (event, first) => event.type === 'MemberLeft' && event.actor === first.actor && event.seq > first.seq,
    )
    exchange(draft, said, left)
  }),
  plain('a membership that nobody asked for', 'I5', (draft) => {
    const joins = draft.all('logged', ({ type }) => type === 'MemberJoined').map(eventOf) as Placed[]
    const asked = draft.one(
      'invoked',
      ({ op, conversation, device }) =>
        op === 'group.join' && joins.some((join) => join.conversation === conversation && join.device === device),
    )
    draft.remove(
      ...draft.all('invoked', ({ op, conversation }) => op === asked.op && conversation === asked.conversation),
    )
  }),
  plain('an acknowledged cursor is not kept', 'I6', (draft) => {
    const line = draft.one('logged', ({ topic }) => topic === 'receipts')
    draft.remove(...draft.all('logged', ({ topic, partition }) => topic === line.topic && partition === line.partition))
  }),
  subtle('an unanswered message is in the log twice', 'I8', (draft) => {
    const line = acceptedMessage(draft)
    const { clientMsgId } = eventOf(line) as Message
    const sends = draft.all('invoked', (invoked) => invoked.clientMsgId === clientMsgId)
    const refs = sends.map(({ device, ref }) => device + ref)
    draft.remove(...draft.all('answered', ({ device, ref }) => refs.includes(device + ref)))
    appendCopy(draft, line, {})
  }),
  subtle('acknowledged before it was appended', 'I9', (draft) => {
    const line = acceptedMessage(draft)
    draft.replace(line, { ...line, appendedMs: line.appendedMs + 1000 })
  }),
  subtle('what was asked once was done twice', 'I1', (draft) => {
    const line = draft.one('logged', ({ type }) => type === 'ReactionAdded' || type === 'MessageEdited')
    draft.insertAfter(line, { ...line, cmd: String(Number(line.cmd) + 1) })
    restamp(draft, line.partition)
  }),
  plain('what was refused for good was done later', 'I1', (draft) => {
    // At the end, where nothing that was accepted is moved by it.
    appendCopy(draft, acceptedMessage(draft), { clientMsgId: unheardId })
    const line = draft.one(
      'logged',
      (other) => isMessage(other) && (eventOf(other) as Message).clientMsgId === unheardId,
    )
    const { conversation, actor, device, at } = eventOf(line) as Message
    const refused = { conversation, actor, device, clientMsgId: unheardId }
    const rejections = [{ cmd: Number(line.cmd), code: 'not_member', refused }]
    draft.replace(line, withEvent(line, { type: 'CommandsRejected', at, rejections }), line)
    restamp(draft, line.partition)
  }),
  plain('a message stands before what its sender had seen', 'I9', (draft) => {
    const accepted = acceptedIds(draft)
    const isAccepted = (event: Placed) => accepted.has(event.clientMsgId)
    const [early, late] = twoOf(
      draft,
      isAccepted,
      (event, first) => isAccepted(event) && event.at > first.at + 100 && event.device !== first.device,
    )
    exchange(draft, early, late)
  }),
]

const inTheReadModels: readonly PlantedFault[] = [
  subtle('a conversation row is stale', 'I7', (draft) => {
    const line = draft.one('row', ({ table }) => table === 'conversations')
    const row = line.row as { readonly last_seq: number }
    draft.replace(line, { ...line, row: { ...line.row, last_seq: row.last_seq - 1 } as typeof line.row })
  }),
  subtle('the row of an event is lost', 'I7', (draft) =>
    draft.remove(draft.one('row', ({ table }) => table === 'events_read')),
  ),
  subtle('the row of a receipt is lost', 'I7', (draft) =>
    draft.remove(draft.one('row', ({ table }) => table === 'receipts')),
  ),
  plain('a member who never joined', 'I7', (draft) => {
    const line = draft.one('row', ({ table }) => table === 'memberships')
    draft.insertAfter(line, { ...line, row: { ...line.row, user_id: 999 } as typeof line.row })
  }),
  plain('a role that nobody gave', 'I7', (draft) => {
    const line = draft.one('row', ({ table }) => table === 'memberships')
    draft.replace(line, { ...line, row: { ...line.row, role: 'admin' } as typeof line.row })
  }),
]

export const plantedOnServers: readonly PlantedFault[] = [...inTheLog, ...inTheReadModels]
