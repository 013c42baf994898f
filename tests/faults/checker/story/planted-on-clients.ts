import { hasPlace, toClientEvent } from '@chat/schemas'
import {
  type Answered,
  type EventColumns,
  type HistoryEvent,
  type Invoked,
  printOf,
  type SeenEvent,
} from '../../history.ts'
import { type Draft, eventOf, type LineOf } from './edit.ts'
import { type PlantedFault, plain, subtle } from './planted.ts'

const requestOf = (draft: Draft, { device, ref }: Answered): Invoked =>
  draft.one('invoked', (line) => line.device === device && line.ref === ref)

/** The answer to a message that was accepted at the first attempt. */
const acceptedOnce = (draft: Draft): { readonly answered: Answered; readonly invoked: Invoked } => {
  const attempts = new Map<string, number>()
  for (const { clientMsgId } of draft.all('invoked'))
    if (clientMsgId !== null) attempts.set(clientMsgId, (attempts.get(clientMsgId) ?? 0) + 1)
  const refs = new Map(
    draft
      .all('invoked', ({ clientMsgId }) => clientMsgId !== null && attempts.get(clientMsgId) === 1)
      .map((line) => [`${line.device} ${line.ref}`, line]),
  )
  const answered = draft.one('answered', (line) => line.outcome === 'ok' && refs.has(`${line.device} ${line.ref}`))
  return { answered, invoked: requestOf(draft, answered) }
}

/** A ref that the device has not used. */
const freeRef = 1_000_000_000

/** The message is sent again and answered so. */
const answerAgain = (draft: Draft, change: Partial<Answered>): void => {
  const { answered, invoked } = acceptedOnce(draft)
  draft.insertAfter(answered, { ...invoked, ref: freeRef }, { ...answered, ref: freeRef, isDuplicate: true, ...change })
}

/** `conversation seq` → the print of the message as it was posted. */
const postedPrints = (draft: Draft): ReadonlyMap<string, number> => {
  const prints = new Map<string, number>()
  for (const line of draft.all('logged', ({ type }) => type === 'MessagePosted')) {
    const visible = toClientEvent(eventOf(line))
    if (visible !== undefined && hasPlace(visible))
      prints.set(`${visible.conversation} ${visible.seq}`, printOf(visible))
  }
  return prints
}

type Finals = LineOf<'deviceState'> | LineOf<'userHistory'>

/** Takes a column out. */
const without = <Line extends Finals>(line: Line, index: number): Line => {
  const keep = (_: unknown, at: number) => at !== index
  const { seqs, clientMsgIds, prints } = line
  return {
    ...line,
    seqs: seqs.filter(keep),
    clientMsgIds: clientMsgIds.filter(keep),
    prints: prints.filter(keep),
  }
}

/** The place of an accepted message in these columns; -1: none. */
const acceptedIn = (draft: Draft): ((columns: EventColumns) => number) => {
  const ids = new Map(draft.all('invoked').map((line) => [`${line.device} ${line.ref}`, line.clientMsgId]))
  const accepted = new Set(
    draft.all('answered', ({ outcome }) => outcome === 'ok').map(({ device, ref }) => ids.get(`${device} ${ref}`)),
  )
  return ({ clientMsgIds }) => clientMsgIds.findIndex((id) => id !== null && accepted.has(id))
}

const isCovered = (line: LineOf<'deviceState'>, index: number) => (line.seqs[index] ?? Infinity) <= line.coveredTo

const exchange = <T>(values: readonly T[], first: number): T[] =>
  values.map((value, index) => values[index === first ? first + 1 : index === first + 1 ? first : index] ?? value)

/** What only the clients can tell. */
const onTheWire: readonly PlantedFault[] = [
  subtle('two outcomes of one request', 'I1', (draft) => {
    const { answered } = acceptedOnce(draft)
    draft.insertAfter(answered, { ...answered, seq: (answered.seq ?? 0) + 1 })
  }),
  subtle('a repeated send is answered with another seq', 'I1', (draft) => answerAgain(draft, { seq: 1_000_000 })),
  plain('a repeated send is answered with another position', 'I1', (draft) => answerAgain(draft, { position: 'MC4w' })),
  plain('a repeated send is refused', 'I1', (draft) =>
    answerAgain(draft, { outcome: 'error', code: 'not_member', isFinal: true, seq: null }),
  ),
  subtle('a refused message stands in the log', 'I1', (draft) => {
    const { answered } = acceptedOnce(draft)
    draft.replace(answered, { ...answered, outcome: 'error', code: 'blocked', isFinal: true, seq: null })
  }),
  subtle('a message is shown again on resume', 'I2', (draft) => {
    const shown = draft.one('shown', (line) => line.clientMsgId !== null)
    const later = draft.all('shown', (line) => line.device === shown.device).at(-1)
    draft.insertAfter(later ?? shown, { ...shown, by: 'sync' })
  }),
  plain('a message is shown under two seqs', 'I2', (draft) => {
    const pushed = draft.one('pushed', (line) => line.clientMsgId !== null)
    const again = { ...pushed, seq: pushed.seq + 1000 }
    const { device, conversation, seq, clientMsgId } = again
    draft.insertAfter(pushed, again, { what: 'shown', at: 0, device, conversation, seq, clientMsgId, by: 'push' })
  }),
  subtle('a gap at a page border', 'I3', (draft) => {
    const page = draft.one('paged', ({ events }) => events.length > 1)
    draft.replace(page, { ...page, from: (page.events[0]?.seq ?? 0) + 1, events: page.events.slice(1) })
  }),
  subtle('a page leaves out an event', 'I3', (draft) => {
    const page = draft.one('paged', ({ events }) => events.length > 2)
    draft.replace(page, { ...page, events: page.events.toSpliced(1, 1) })
  }),
  plain('a page has an event twice', 'I3', (draft) => {
    const page = draft.one('paged', ({ events }) => events.length > 0)
    draft.replace(page, { ...page, events: [...page.events, ...page.events.slice(-1)] })
  }),
  subtle('a push tells another text', 'I4', (draft) => {
    const pushed = draft.one('pushed', ({ clientMsgId }) => clientMsgId !== null)
    draft.replace(pushed, { ...pushed, print: pushed.print ^ 1 })
  }),
  subtle('a page shows a message as it was before its edit', 'I4', (draft) => {
    const posted = postedPrints(draft)
    const isChanged = (page: LineOf<'paged'>) => (event: SeenEvent) =>
      event.clientMsgId !== null && event.print !== posted.get(`${page.conversation} ${event.seq}`)
    const page = draft.one('paged', (line) => line.events.some(isChanged(line)))
    const index = page.events.findIndex(isChanged(page))
    const events = page.events.map((event, at) =>
      at === index ? { ...event, print: posted.get(`${page.conversation} ${event.seq}`) ?? 0 } : event,
    )
    draft.replace(page, { ...page, events })
  }),
  subtle('a history shows what was deleted', 'I4', (draft) => {
    const posted = postedPrints(draft)
    const changedIn = ({ conversation, seqs, clientMsgIds, prints }: LineOf<'userHistory'>) =>
      seqs.findIndex((seq, at) => clientMsgIds[at] !== null && prints[at] !== posted.get(`${conversation} ${seq}`))
    const line = draft.one('userHistory', (each) => changedIn(each) !== -1)
    const index = changedIn(line)
    const prints = line.prints.with(index, posted.get(`${line.conversation} ${line.seqs[index]}`) ?? 0)
    draft.replace(line, { ...line, prints })
  }),
  subtle("a device's messages changed their order", 'I4', (draft) => {
    const [first, second] = pipelined(draft)
    draft.replace(first, { ...second, at: first.at })
    draft.replace(second, { ...first, at: second.at })
  }),
  subtle('pushed to somebody who is no member', 'I5', (draft) => {
    const readers = new Set(draft.all('userHistory').map((line) => `${line.user} ${line.conversation}`))
    const devices = draft.all('device')
    const strangerTo = (conversation: string) => devices.find(({ user }) => !readers.has(`${user} ${conversation}`))
    const pushed = draft.one('pushed', (line) => strangerTo(line.conversation) !== undefined)
    const device = strangerTo(pushed.conversation)?.device ?? ''
    draft.insertAfter(pushed, { ...pushed, device, connection: 1 })
  }),
  subtle('pushed after he left', 'I5', (draft) => {
    const left = draft.all('userHistory', ({ unread }) => unread === null)
    const afterLeaving = (pushed: LineOf<'pushed'>) =>
      left.find(({ conversation, seqs }) => conversation === pushed.conversation && pushed.seq > (seqs.at(-1) ?? 0))
    const pushed = draft.one('pushed', (line) => afterLeaving(line) !== undefined)
    const user = afterLeaving(pushed)?.user
    const { device } = draft.one('device', (line) => line.user === user)
    draft.insertAfter(pushed, { ...pushed, device, connection: 1 })
  }),
  plain('pushed, and in no log', 'I5', (draft) => {
    const pushed = draft.one('pushed')
    draft.insertAfter(pushed, { ...pushed, seq: 1_000_000, clientMsgId: null })
  }),
  plain('a cursor goes back on pushes', 'I6', (draft) => {
    const pushed = draft.one('receiptPushed', ({ readSeq }) => readSeq > 0)
    draft.insertAfter(pushed, { ...pushed, readSeq: pushed.readSeq - 1 })
  }),
  plain('a cursor goes back behind a reconnect to the same connector', 'I6', (draft) => {
    const pushed = draft.one('receiptPushed', ({ readSeq }) => readSeq > 0)
    const connected = draft.one('connected', ({ device }) => device === pushed.device)
    draft.insertAfter(pushed, connected, { ...pushed, readSeq: pushed.readSeq - 1 })
  }),
  plain('a cursor goes back on pages', 'I6', (draft) => {
    const page = draft.one('paged', ({ readSeq }) => readSeq !== null)
    const ask = draft.one('invoked', ({ device, ref }) => device === page.device && ref === page.ref)
    draft.insertAfter(
      draft.all('invoked').at(-1) ?? page,
      { ...ask, ref: freeRef },
      { ...page, ref: freeRef, readSeq: -1 },
    )
  }),
  subtle('shown, and never got', 'I9', (draft) => {
    const shown = draft.one('shown', ({ by }) => by === 'push')
    const { device, conversation, seq } = shown
    draft.remove(
      ...draft.all(
        'pushed',
        (line) => line.device === device && line.conversation === conversation && line.seq === seq,
      ),
    )
  }),
  plain('held, and never shown', 'I9', (draft) => draft.remove(draft.one('shown'))),
  plain('an answer to nothing', 'I9', (draft) => {
    const { answered } = acceptedOnce(draft)
    draft.insertAfter(answered, { ...answered, ref: freeRef })
  }),
  plain('pushed before it was sent', 'I9', (draft) => {
    const [started] = draft.lines
    const devices = draft.all('device')
    const pushed = draft.one('pushed', ({ clientMsgId }) => clientMsgId !== null)
    draft.insertAfter(devices.at(-1) ?? (started as HistoryEvent), pushed)
  }),
  plain('presence is wrong after quiet', 'I10', (draft) => {
    const last = new Map(draft.all('presenceSeen').map((line) => [`${line.device} ${line.user}`, line]))
    const [seen] = [...last.values()]
    if (seen === undefined) throw new Error('nobody watches')
    draft.insertAfter(seen, { ...seen, isOnline: !seen.isOnline })
  }),
  plain('a probe is never answered', 'I11', (draft) => {
    const { clientMsgId } = draft.one('probed')
    const refs = draft.all('invoked', (line) => line.clientMsgId === clientMsgId).map(({ ref, device }) => ref + device)
    draft.remove(...draft.all('answered', ({ ref, device }) => refs.includes(ref + device)))
  }),
  plain('a probe is answered too late', 'I11', (draft) => {
    const { fault } = draft.one('probed')
    const begun = draft.one('faultBegun', (line) => line.fault === fault)
    const ended = draft.one('faultEnded', (line) => line.fault === fault)
    draft.replace(begun, { ...begun, at: begun.at - 60_000 })
    draft.replace(ended, { ...ended, at: ended.at - 60_000 })
  }),
  plain('a probe never reaches a member', 'I11', (draft) => {
    const probe = draft.one('probed')
    const pushes = draft.all('pushed', ({ clientMsgId }) => clientMsgId === probe.clientMsgId)
    const { user } = draft.one('device', ({ device }) => device === pushes[0]?.device)
    const devices = draft.all('device', (line) => line.user === user).map(({ device }) => device)
    draft.remove(...pushes.filter(({ device }) => devices.includes(device)))
    for (const page of draft.all('paged', ({ device }) => devices.includes(device)))
      draft.replace(page, { ...page, events: page.events.filter((event) => event.clientMsgId !== probe.clientMsgId) })
  }),
  plain('a conversation is not probed', 'I11', (draft) => draft.remove(draft.one('probed'))),
]

/** The places of two messages in flight at once, from one device to one conversation. */
const pipelined = (draft: Draft): readonly [Invoked, Invoked] => {
  const answered = new Set(
    draft.all('answered', ({ outcome }) => outcome === 'ok').map(({ device, ref }) => device + ref),
  )
  const waiting = new Map<string, Invoked>()
  for (const line of draft.lines) {
    if (line.what === 'closed') waiting.clear()
    if (line.what === 'answered')
      for (const [key, send] of waiting) if (send.device === line.device && send.ref === line.ref) waiting.delete(key)
    if (line.what !== 'invoked' || line.op !== 'send' || !answered.has(line.device + line.ref)) continue
    const key = `${line.device} ${line.conversation}`
    const first = waiting.get(key)
    if (first !== undefined) return [first, line]
    waiting.set(key, line)
  }
  throw new Error('no two messages were in flight at once')
}

/** What is found at the end. */
const atTheEnd: readonly PlantedFault[] = [
  subtle('a device lost an accepted message', 'I1', (draft) => {
    const accepted = acceptedIn(draft)
    const state = draft.one('deviceState', (line) => accepted(line) !== -1 && isCovered(line, accepted(line)))
    draft.replace(state, without(state, accepted(state)))
  }),
  subtle('a history lacks an accepted message', 'I1', (draft) => {
    const accepted = acceptedIn(draft)
    const history = draft.one('userHistory', (line) => accepted(line) !== -1)
    draft.replace(history, without(history, accepted(history)))
  }),
  plain('a device has nothing of a conversation', 'I1', (draft) => {
    const members = draft.all('userHistory', ({ unread }) => unread !== null)
    const users = new Map(draft.all('device').map(({ device, user }) => [device, user]))
    const accepted = acceptedIn(draft)
    const isMember = ({ device, conversation }: LineOf<'deviceState'>) =>
      members.some((line) => line.conversation === conversation && line.user === users.get(device))
    draft.remove(draft.one('deviceState', (line) => accepted(line) !== -1 && isMember(line)))
  }),
  plain('a device lost the beginning of a group', 'I3', (draft) => {
    const state = draft.one('deviceState', (line) => line.clientMsgIds[0] === null && isCovered(line, 0))
    draft.replace(state, without(state, 0))
  }),
  subtle('two messages are swapped on a device', 'I4', (draft) => {
    const state = draft.one('deviceState', ({ seqs }) => seqs.length > 1)
    const { clientMsgIds, prints } = state
    draft.replace(state, { ...state, clientMsgIds: exchange(clientMsgIds, 0), prints: exchange(prints, 0) })
  }),
  plain('a history tells another text', 'I4', (draft) => {
    const history = draft.one('userHistory', ({ prints }) => prints.length > 0)
    draft.replace(history, { ...history, prints: history.prints.map((print) => print ^ 1) })
  }),
  plain('a device holds what is in no log', 'I5', (draft) => {
    const state = draft.one('deviceState')
    const { seqs, clientMsgIds, prints } = state
    const more = { seqs: [...seqs, 1_000_000], clientMsgIds: [...clientMsgIds, null], prints: [...prints, 1] }
    draft.replace(state, { ...state, ...more })
  }),
  subtle('unread is off by one', 'I6', (draft) => {
    const history = draft.one('userHistory', ({ unread }) => unread !== null)
    draft.replace(history, { ...history, unread: (history.unread ?? 0) + 1 })
  }),
  ...(
    [
      ['rssBytes', 2],
      ['heldBytes', 1.25],
      ['handles', 1.25],
      ['timers', 1.25],
    ] as const
  ).map(([size, times]) =>
    plain(`${size} do not return to their start`, 'I12', (draft) => {
      for (const line of draft.all('measured', ({ phase, process }) => phase === 'end' && process === 'router 1'))
        draft.replace(line, { ...line, [size]: Math.ceil((line[size] ?? 0) * times) })
    }),
  ),
]

export const plantedOnClients: readonly PlantedFault[] = [...onTheWire, ...atTheEnd]
