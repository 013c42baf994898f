import fc from 'fast-check'
import { expect, test } from 'vitest'
import { conversationOf, createReplica, step } from './replica.ts'
import { conversations } from './test-log.ts'
import { type Action, createNetwork } from './test-network.ts'

type Network = ReturnType<typeof createNetwork>

const conversation = fc.constantFrom(...conversations)
const pick = fc.nat({ max: 9 })
const outcome = fc.oneof(
  { weight: 4, arbitrary: fc.constant('accept' as const) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('unavailable' as const, 'timeoutAccepted' as const, 'timeoutLost' as const, 'refuse'),
  },
)
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ type: fc.constantFrom('otherPosts' as const, 'iWrite' as const), conversation }),
  fc.record({ type: fc.constant('otherReceives' as const), conversation, hasRead: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ type: fc.constant('serve' as const), outcome }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('arrive' as const), pick }) },
  fc.record({ type: fc.constantFrom('lose' as const, 'repeat' as const, 'fire' as const), pick }),
  fc.record({ type: fc.constantFrom('cut' as const, 'connect' as const, 'connect' as const) }),
)
const actions = fc.array(action, { maxLength: 80, size: 'max' })

/** What is wrong at this moment, in plain code: it is asked after every action. */
const disorder = (network: Network): string | undefined => {
  for (const id of conversations) {
    const { from, to, events } = network.timeline(id)
    if (events.length !== to - from + 1 || events.some(({ seq }, i) => seq !== from + i)) return `a hole in ${id}`
    const ids = network.messages(id).map(({ clientMsgId }) => clientMsgId)
    const shown = new Set(ids)
    if (shown.size < ids.length) return `a message twice in ${id}: ${ids}`
    const places = new Map(network.log.logOf(id).map(({ data, seq }) => [data.clientMsgId, seq]))
    for (const { conversation: where, clientMsgId } of network.written) {
      const isOlder = (places.get(clientMsgId) ?? from) < from
      if (where === id && !isOlder && !shown.has(clientMsgId)) return `${clientMsgId} vanished from ${id}`
    }
  }
  return undefined
}

/** What must be so once everything was heard. */
const expectTheLog = (network: Network) => {
  for (const id of conversations) {
    const log = network.log.logOf(id)
    const { from, to, events, ahead, lastSeq } = network.timeline(id)
    expect([to, lastSeq, ahead]).toEqual([log.length, log.length, []])
    expect(events).toEqual(log.slice(from - 1))
    const announced = network.announced(id)
    const first = announced[0] ?? log.length + 1
    expect(announced).toEqual(Array.from({ length: log.length - first + 1 }, (_, i) => first + i))
    const mine = network.written.filter((entry) => entry.conversation === id).map((entry) => entry.clientMsgId)
    const logged = log.filter(({ actor }) => actor === 1).map(({ data }) => data.clientMsgId)
    const failed = network.messages(id).filter(({ state }) => state === 'failed')
    const failedIds = failed.map(({ clientMsgId }) => clientMsgId)
    expect(failedIds.every((clientMsgId) => network.log.wasRefused(clientMsgId))).toBe(true)
    expect(logged).toEqual(mine.filter((clientMsgId) => !failedIds.includes(clientMsgId)))
    expect(network.messages(id)).toHaveLength(events.length + failed.length)
    const { deliveredSeq = 0, readSeq = 0 } = network.log.cursors.get(id) ?? {}
    for (const message of network.messages(id)) {
      if (message.state !== 'logged') continue
      const isOwn = message.actor === 1
      expect(message.deliveredTo, `${id} ${message.seq} to ${deliveredSeq}`).toEqual(
        isOwn && message.seq <= deliveredSeq ? [2] : undefined,
      )
      expect(message.readBy).toEqual(isOwn && message.seq <= readSeq ? [2] : undefined)
    }
  }
  expect(network.replica().outbox.entries.every(({ state }) => state.kind === 'failed')).toBe(true)
}

test('any interleaving of pushes, gaps, repeats, refusals and reconnects ends in the view of the log', () => {
  fc.assert(
    fc.property(actions, (done) => {
      const network = createNetwork()
      for (const one of done) {
        network.act(one)
        const wrong = disorder(network)
        if (wrong !== undefined) throw new Error(wrong)
      }
      network.settle()
      expectTheLog(network)
    }),
    { numRuns: 1_000 },
  )
})

test('cursors never go back, whatever order they come in, and what is read was delivered', () => {
  const cursors = [
    { user: 7, deliveredSeq: 5, readSeq: 2 },
    { user: 7, deliveredSeq: 3, readSeq: 4 },
    { user: 8, deliveredSeq: 0, readSeq: 6 },
  ]
  for (const order of [cursors, cursors.toReversed()]) {
    const [heard] = step(createReplica(1), { type: 'receipts', conversation: 'g1', cursors: order })
    expect(conversationOf(heard, 'g1').receipts.toSorted((a, b) => a.user - b.user)).toEqual([
      { user: 7, deliveredSeq: 5, readSeq: 4 },
      { user: 8, deliveredSeq: 6, readSeq: 6 },
    ])
  }
})

test('a message of somebody else with the id of an own one is not the own one', () => {
  const body = { kind: 'text', text: 'hi' } as const
  const entry = { conversation: 'g1', clientMsgId: 'm1', body, createdMs: 0, state: { kind: 'queued' } } as const
  const [queued] = step(createReplica(1), { type: 'queued', entry, nowMs: 0 })
  const event = {
    conversation: 'g1',
    seq: 1,
    type: 'messagePosted',
    actor: 2,
    at: '',
    data: { clientMsgId: 'm1', body },
  }
  const [heard, effects] = step(queued, { type: 'event', event })
  expect(heard.outbox.entries).toEqual([entry])
  expect(effects.map(({ type }) => type)).not.toContain('accepted')
  const [own, confirmed] = step(heard, { type: 'event', event: { ...event, seq: 2, actor: 1 } })
  expect([own.outbox.entries, confirmed.map(({ type }) => type)]).toEqual([[], expect.arrayContaining(['accepted'])])
})

test('who was removed, banned or is only invited is no member, and is one again when he joins', () => {
  let replica = createReplica(1)
  const hears = (type: string, user: number) => {
    const seq = conversationOf(replica, 'g1').timeline.lastSeq + 1
    const event = { conversation: 'g1', seq, type, actor: 2, at: '2026-01-01T00:00:00.000Z', data: { user } }
    replica = step(replica, { type: 'event', event })[0]
    return conversationOf(replica, 'g1').isLeft
  }
  expect([hears('memberInvited', 1), hears('memberJoined', 1), hears('memberBanned', 3)]).toEqual([true, false, false])
  expect([hears('memberRemoved', 1), hears('roleChanged', 3), hears('memberJoined', 1)]).toEqual([true, true, false])
  expect([hears('memberBanned', 1), hears('memberJoined', 3)]).toEqual([true, true])
})

test('nothing is unread in an online room, whether a sync or its creation says that it is one', () => {
  const at = { actor: 2, at: '2026-01-01T00:00:00.000Z' }
  const isHeard = (conversation: string, replica: ReturnType<typeof createReplica>) => {
    const posted = {
      conversation,
      seq: 2,
      type: 'messagePosted',
      ...at,
      data: { clientMsgId: 'a', body: { kind: 'text', text: 'hi' } },
    }
    return conversationOf(step(replica, { type: 'event', event: posted })[0], conversation)
  }
  const created = (conversation: string, data: object) =>
    step(createReplica(1), {
      type: 'event',
      event: { conversation, seq: 1, type: 'groupCreated', ...at, data: { ...data } },
    })[0]
  expect(isHeard('g1', created('g1', {}))).toMatchObject({ membership: 'stored', unread: 1 })
  expect(isHeard('g1', created('g1', { membership: 'online' }))).toMatchObject({ membership: 'online', unread: 0 })
  const room = {
    id: 'g1',
    title: 'Hall',
    from: 1,
    to: 0,
    lastSeq: 0,
    unread: 0,
    readSeq: 0,
    events: [],
    membership: 'online',
  } as const
  const [synced] = step(createReplica(1), {
    type: 'synced',
    page: { token: 't', conversations: [room], hasMore: false },
  })
  expect(isHeard('g1', synced)).toMatchObject({ membership: 'online', unread: 0 })
})
