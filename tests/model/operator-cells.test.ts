import { uuidV7 } from '@chat/runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mustAsOperator, setOperator } from '../memory/operators.ts'
import { connect, join, type Person } from '../memory/people.ts'
import { startWorld, type World } from '../memory/world.ts'
import { type Asking, createAsking } from './asking.ts'
import { readCells } from './table.ts'

/** Who asks. `suspendedOperator`: he is both; `formerOperator`: he is none any more. */
const columns = 'operator somebody formerOperator suspendedOperator'.split(' ')
const legend = {
  ...{ nof: 'not_found', sus: 'suspended', forb: 'forbidden', none: 'no_such_user', nomsg: 'no_such_message' },
  ...{ taken: 'name_taken', noc: 'no_such_conversation' },
}

/** As `docs/rules.md` says it, written by hand. */
const cells = readCells(
  `
users                     ok    nof nof sus
user                      ok    nof nof sus
user nobody               none  nof nof sus
suspend                   ok    nof nof sus
suspend again             ok    nof nof sus
suspend self              forb  nof nof sus
suspend nobody            none  nof nof sus
reinstate                 ok    nof nof sus
reinstate self            forb  nof nof sus
reports                   ok    nof nof sus
reportDone                ok    nof nof sus
reportDone again          ok    nof nof sus
reportDone nobody         nof   nof nof sus
deleteMessage             ok    nof nof sus
deleteMessage again       nomsg nof nof sus
deleteMessage of a group  ok    nof nof sus
notice                    ok    nof nof sus
createRoom                ok    nof nof sus
createRoom again          taken nof nof sus
closeRoom                 ok    nof nof sus
closeRoom again           forb  nof nof sus
closeRoom of a group      noc   nof nof sus
`,
  columns,
  legend,
)

/** Every operation of a client, right but for who asks. A socket is closed before; by HTTP each is answered. */
const operations: readonly Readonly<Record<string, unknown>>[] = [
  { op: 'send', to: { user: 1 }, body: { kind: 'text', text: 'hi' } },
  { op: 'edit', conversation: 'g1', seq: 1, body: { kind: 'text', text: 'hi' } },
  { op: 'delete', conversation: 'g1', seq: 1 },
  { op: 'react', conversation: 'g1', seq: 1, emoji: '👍' },
  { op: 'unreact', conversation: 'g1', seq: 1, emoji: '👍' },
  { op: 'pin', conversation: 'g1', seq: 1 },
  { op: 'unpin', conversation: 'g1', seq: 1 },
  { op: 'report', conversation: 'g1', seq: 1, reason: 'rude' },
  { op: 'edits', conversation: 'g1', seq: 1 },
  { op: 'delivered', conversation: 'g1', seq: 1 },
  { op: 'read', conversation: 'g1', seq: 1 },
  { op: 'history', conversation: 'g1' },
  { op: 'sync' },
  { op: 'conversations' },
  { op: 'conversation', conversation: 'g1' },
  { op: 'members', conversation: 'g1' },
  { op: 'friends' },
  { op: 'users' },
  { op: 'user', id: 1 },
  { op: 'me' },
  { op: 'profile', about: 'tea' },
  { op: 'friend.request', user: 1 },
  { op: 'friend.withdraw', user: 1 },
  { op: 'friend.accept', user: 1 },
  { op: 'friend.decline', user: 1 },
  { op: 'friend.remove', user: 1 },
  { op: 'block', user: 1 },
  { op: 'unblock', user: 1 },
  { op: 'group.create', title: 'tea', visibility: 'private' },
  { op: 'group.join', conversation: 'g1' },
  { op: 'group.leave', conversation: 'g1' },
  { op: 'group.change', conversation: 'g1', title: 'coffee' },
  { op: 'group.invite', conversation: 'g1', users: [1] },
  { op: 'group.approve', conversation: 'g1', user: 1 },
  { op: 'group.refuse', conversation: 'g1', user: 1 },
  { op: 'group.kick', conversation: 'g1', user: 1 },
  { op: 'group.ban', conversation: 'g1', user: 1 },
  { op: 'group.unban', conversation: 'g1', user: 1 },
  { op: 'group.mute', conversation: 'g1', user: 1, untilMs: 0 },
  { op: 'group.role', conversation: 'g1', user: 1, role: 'admin' },
  { op: 'group.transfer', conversation: 'g1', user: 1 },
  { op: 'group.close', conversation: 'g1' },
  { op: 'sessions' },
  { op: 'session.end', others: true },
  { op: 'password.change', old: 'correct horse', new: 'wrong horse battery' },
  { op: 'logout' },
]

/** Suspensions are known everywhere by then, ms. */
const effectiveMs = 5_000

let world: World
let write: Asking
const people = new Map<string, Person>()

const personOf = (name: string): Person => {
  const person = people.get(name)
  if (person === undefined) throw new Error(`nobody is ${name}`)
  return person
}
const identityOf = ({ userId, device }: Person) => ({ userId, sessionId: `session of ${userId}`, device })

const api = () => {
  const [side] = world.sockets
  if (side === undefined) throw new Error('there is a connector')
  return side.api
}

/** As the routes do: who may not is answered before what he asks is looked at. */
const asOperator = async (who: string, act: string, input: object): Promise<string> => {
  const identity = identityOf(personOf(who))
  await world.clock.advance(10_001) // A notice more is allowed.
  const { operator } = api()
  const refused = await world.run(operator.admit(identity))
  const answer = refused ?? (await world.run(operator.act(identity, act as never, input)))
  return 'error' in answer ? answer.error : 'ok'
}

/** The id of what was said of a message, once it is listed. */
const reportOf = async ({ conversation, seq }: { readonly conversation?: unknown; readonly seq?: unknown }) => {
  for (;;) {
    const answer = await world.run(api().operator.act(identityOf(personOf('operator')), 'reports', { state: 'open' }))
    const items = 'ok' in answer ? (answer.ok.items as readonly Readonly<Record<string, unknown>>[]) : []
    const found = items.find((item) => item.conversation === conversation && item.seq === seq)
    if (found !== undefined) return found.id
    await world.clock.advance(100)
  }
}

const request = (who: string, frame: Readonly<Record<string, unknown>>) => {
  const clientMsgId = frame.op === 'send' ? { clientMsgId: uuidV7(world.clock.now(), world.random) } : {}
  return world.run(api().request(identityOf(personOf(who)), { ref: 1, ...frame, ...clientMsgId }, undefined))
}

const byHttp = async (who: string, frame: Readonly<Record<string, unknown>>): Promise<string> => {
  const answer = await request(who, frame)
  return 'error' in answer ? answer.error : 'ok'
}

const setSuspended = async (who: string, isSuspended: boolean) => {
  const input = { user: personOf(who).userId, reason: 'spam' }
  expect(await asOperator('operator', isSuspended ? 'suspend' : 'reinstate', input)).toBe('ok')
  await world.clock.advance(effectiveMs)
}

beforeAll(async () => {
  world = await startWorld()
  write = createAsking(world).write
  for (const name of [...columns, 'victim', 'peer', 'suspended']) people.set(name, await join(world, name, 0))
  for (const name of ['operator', 'formerOperator', 'suspendedOperator']) await setOperator(world, name, true)
  await setOperator(world, 'formerOperator', false)
  for (const name of ['suspendedOperator', 'suspended']) await setSuspended(name, true)
}, 60_000)

afterAll(() => world.stop())

const text = { kind: 'text', text: 'hi' }
const nobody = 2_000_000_011

test('operators do what they may, and to everybody else there is nothing', async () => {
  const victim = personOf('victim')
  const sent = async (to: object) => {
    const { conversation, seq } = await write(victim, { op: 'send', to, body: text })
    return { conversation, seq }
  }
  const direct = await sent({ user: personOf('peer').userId })
  const { conversation } = await write(victim, { op: 'group.create', title: 'tea', visibility: 'private' })
  const inGroup = await sent({ conversation })
  await write(personOf('peer'), { op: 'report', ...direct, reason: 'rude' })
  const report = await reportOf(direct)
  const { conversation: room } = await mustAsOperator(world, personOf('operator'), 'createRoom', {
    name: 'hall',
    title: 'H',
  })
  const reason = 'spam'
  const differences: string[] = []
  for (const [row, byColumn] of cells)
    for (const [who, ought] of byColumn) {
      const [act = '', ...about] = row.split(' ')
      const subject = about.includes('nobody') ? nobody : about.includes('self') ? personOf(who).userId : victim.userId
      const inputs: Readonly<Record<string, object>> = {
        ...{ users: {}, reports: {}, notice: { text: 'back at nine' }, user: { user: subject } },
        ...{ suspend: { user: subject, reason }, reinstate: { user: subject, reason } },
        reportDone: { report: about.includes('nobody') ? 'nonsense' : report },
        deleteMessage: about.includes('group') ? inGroup : direct,
        createRoom: { name: 'lounge', title: 'The lounge' },
        closeRoom: { conversation: about.includes('group') ? conversation : room },
      }
      const is = await asOperator(who, act, inputs[act] ?? {})
      if (is !== ought) differences.push(`${row} by ${who}: ${is}, not ${ought}`)
    }
  expect(differences).toEqual([])
})

describe('whoever is suspended', () => {
  test('is refused whatever he asks, and loses his connection', async () => {
    expect(personOf('suspended').client.closedWith?.code).toBe(4403)
    const answers = new Map<string, string>()
    for (const frame of operations) answers.set(String(frame.op), await byHttp('suspended', frame))
    expect([...answers].filter(([, is]) => is !== 'suspended')).toEqual([])
    await expect(connect(world, 'suspended', 0)).rejects.toThrow()
  })

  test('is there for others as before, and for himself once he is reinstated', async () => {
    const { userId } = personOf('suspended')
    expect(await byHttp('peer', { op: 'send', to: { user: userId }, body: text })).toBe('ok')
    expect(await byHttp('peer', { op: 'friend.request', user: userId })).toBe('ok')
    const group = { op: 'group.create', title: 'tea', visibility: 'private', members: [userId] }
    const created = await request('peer', group)
    expect(created).toHaveProperty('ok')
    await setSuspended('suspended', false)
    const conversation = 'ok' in created ? created.ok.conversation : undefined
    expect(await byHttp('suspended', { op: 'history', conversation })).toBe('ok')
    expect(await byHttp('suspended', { op: 'friend.accept', user: personOf('peer').userId })).toBe('ok')
  })
})
