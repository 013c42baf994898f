import type { ChatEvent } from './event.ts'
import type { Effect, Input } from './exchange.ts'
import { conversationOf, createReplica, step } from './replica.ts'
import { type ConversationId, conversations, createLog, me, type Outcome } from './test-log.ts'
import { type Message, messagesOf } from './view.ts'

type Asked = Extract<Effect, { type: 'send' | 'sync' | 'history' }>
type Later = Extract<Effect, { type: 'later' }>
interface Arriving {
  readonly input: Input
  readonly isPush: boolean
}

/** What can happen between a client and the log. `pick` chooses among what is under way, so that everything overtakes everything. */
export type Action =
  | { readonly type: 'otherPosts' | 'iWrite'; readonly conversation: ConversationId }
  | { readonly type: 'otherReceives'; readonly conversation: ConversationId; readonly hasRead: boolean }
  | { readonly type: 'serve'; readonly outcome: Outcome }
  | { readonly type: 'arrive' | 'lose' | 'repeat' | 'fire'; readonly pick: number }
  | { readonly type: 'cut' | 'connect' }

/** A replica, the log, and an untrustworthy network and clock between them. */
export const createNetwork = () => {
  const log = createLog()
  let replica = createReplica(me)
  let nowMs = 0
  let nextId = 1
  let requests: Asked[] = []
  let arriving: Arriving[] = []
  let timers: Later[] = []
  const written: { readonly conversation: string; readonly clientMsgId: string }[] = []
  const announced = new Map<string, number[]>(conversations.map((id) => [id, []]))

  const give = (input: Input) => {
    const [next, effects] = step(replica, 'nowMs' in input ? { ...input, nowMs } : input)
    replica = next
    for (const effect of effects) run(effect)
  }
  const run = (effect: Effect) => {
    if (effect.type === 'later') timers.push(effect)
    if (effect.type === 'send' || effect.type === 'sync' || effect.type === 'history') requests.push(effect)
    if (effect.type === 'announce')
      announced.get(effect.conversation)?.push(...effect.events.map(({ seq }: ChatEvent) => seq))
  }
  const push = (event: ChatEvent) => {
    if (replica.isConnected) arriving.push({ input: { type: 'event', event }, isPush: true })
  }
  const serve = (outcome: Outcome) => {
    const request = requests.shift()
    if (request === undefined) return
    const answer = answerTo(request, outcome)
    arriving.push({ input: answer, isPush: false })
  }
  const answerTo = (request: Asked, outcome: Outcome): Input => {
    if (request.type === 'sync') return { type: 'synced', page: log.sync(request) }
    if (request.type === 'history')
      return { type: 'filled', conversation: request.conversation, page: log.history(request) }
    const { answer, pushed } = log.send(request.dispatch, outcome)
    if (pushed !== undefined) push(pushed)
    return answer
  }
  const fire = (pick: number) => {
    const [timer] = timers.splice(pick % Math.max(1, timers.length), 1)
    if (timer === undefined) return
    nowMs += timer.ms
    give(
      timer.input === 'gapDue'
        ? { type: 'gapDue', conversation: timer.conversation }
        : timer.input === 'outboxDue'
          ? { type: 'outboxDue', nowMs }
          : { type: 'syncDue' },
    )
  }
  const write = (conversation: string) => {
    const clientMsgId = `m${nextId++}`
    written.push({ conversation, clientMsgId })
    const entry = { conversation, clientMsgId, createdMs: nowMs, state: { kind: 'queued' } } as const
    give({ type: 'queued', entry: { ...entry, body: { kind: 'text', text: clientMsgId } }, nowMs })
  }
  const cut = () => {
    requests = []
    arriving = []
    timers = []
    give({ type: 'disconnected' })
  }
  const arrive = (pick: number) => {
    const [next] = arriving.splice(pick % Math.max(1, arriving.length), 1)
    if (next !== undefined) give(next.input)
  }
  const pushAt = (pick: number) => {
    const pushes = arriving.filter(({ isPush }) => isPush)
    return pushes[pick % Math.max(1, pushes.length)]
  }

  const act = (action: Action) => {
    switch (action.type) {
      case 'otherPosts':
        return push(log.post(action.conversation, 2, `o${nextId++}`))
      case 'otherReceives': {
        const { conversation } = action
        const input = { type: 'receipts', conversation, cursors: [log.receive(conversation, action.hasRead)] } as const
        if (replica.isConnected) arriving.push({ input, isPush: true })
        return
      }
      case 'iWrite':
        return write(action.conversation)
      case 'serve':
        return serve(action.outcome)
      case 'arrive':
        return arrive(action.pick)
      case 'lose': {
        const lost = pushAt(action.pick)
        arriving = arriving.filter((other) => other !== lost)
        return
      }
      case 'repeat': {
        const repeated = pushAt(action.pick)
        if (repeated !== undefined) arriving.push(repeated)
        return
      }
      case 'fire':
        return fire(action.pick)
      case 'cut':
        return cut()
      case 'connect':
        return replica.isConnected ? undefined : give({ type: 'connected', nowMs })
    }
  }

  const drain = () => {
    for (let turn = 0; requests.length + arriving.length + timers.length > 0; turn++) {
      if (turn > 10_000) throw new Error('it never comes to rest')
      while (requests.length > 0) serve('accept')
      while (arriving.length > 0) arrive(0)
      fire(0)
    }
  }
  /** Everything is served, nothing lost; then the sync that a connected client makes from time to time. */
  const settle = () => {
    act({ type: 'connect' })
    drain()
    give({ type: 'syncDue' })
    drain()
    for (const [conversation, cursor] of log.cursors) give({ type: 'receipts', conversation, cursors: [cursor] })
  }

  return {
    ...{ log, act, settle, written },
    replica: () => replica,
    announced: (id: string): readonly number[] => announced.get(id) ?? [],
    timeline: (id: string) => conversationOf(replica, id).timeline,
    messages: (id: string): readonly Message[] =>
      messagesOf(conversationOf(replica, id).timeline, replica.outbox, id, me, conversationOf(replica, id).receipts),
  }
}
