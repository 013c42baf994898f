import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { setOperator } from '../memory/operators.ts'
import { join, type Person } from '../memory/people.ts'
import { startWorld, type World } from '../memory/world.ts'
import { type Asking, createAsking, type Fields, messageIdOf } from './asking.ts'
import { type State, states } from './cells.ts'

const roles = [
  'owner',
  'admin',
  'member',
  'muted',
  'left',
  'kicked',
  'banned',
  'invited',
  'asking',
  'stranger',
  'operator',
  'suspended',
] as const
/** Who is acted upon. */
const others = [
  'otherAdmin',
  'otherMember',
  'outsider',
  'newcomer',
  'otherInvited',
  'otherAsking',
  'otherBanned',
] as const
type Who = (typeof roles)[number] | (typeof others)[number]

const farMs = Date.UTC(2100, 0, 1)

let world: World
let people: ReadonlyMap<Who, Person>
let write: Asking

beforeAll(async () => {
  world = await startWorld()
  write = createAsking(world).write
  const all = new Map<Who, Person>()
  for (const who of [...roles, ...others]) all.set(who, await join(world, who, 0))
  people = all
  await setOperator(world, 'operator', true)
  await suspend(all.get('operator'), all.get('suspended'))
}, 60_000)

afterAll(() => world.stop())

const api = () => {
  const [side] = world.sockets
  if (side === undefined) throw new Error('there is a connector')
  return side.api
}

const suspend = async (operator: Person | undefined, subject: Person | undefined) => {
  if (operator === undefined || subject === undefined) throw new Error('both have joined')
  const { userId, device } = operator
  const input = { user: subject.userId, reason: 'spam' }
  const answer = await world.run(api().operator.act({ userId, device, sessionId: 'his' }, 'suspend', input))
  expect(answer).toHaveProperty('ok')
  await world.clock.advance(5_000) // By then it is so everywhere.
}

const personOf = (who: Who): Person => {
  const person = people.get(who)
  if (person === undefined) throw new Error(`nobody is ${who}`)
  return person
}
const idOf = (who: Who): number => personOf(who).userId

/** He asks by HTTP: his connection is closed. */
const requestOfSuspended = async (frame: Readonly<Record<string, unknown>>): Promise<Fields> => {
  const { userId, device } = personOf('suspended')
  const identity = { userId, device, sessionId: 'his' }
  const asked = api().request(identity, { ref: 1, ...messageIdOf(frame, world), ...frame }, undefined)
  const answer = await world.run(asked)
  return 'ok' in answer ? { op: 'ok', ...answer.ok } : { op: 'error', code: answer.error, message: answer.message }
}

const request = (who: Who, frame: Readonly<Record<string, unknown>>): Promise<Fields> =>
  who === 'suspended' ? requestOfSuspended(frame) : write(personOf(who), frame)

const must = async (who: Who, frame: Readonly<Record<string, unknown>>) => {
  const answer = await request(who, frame)
  expect(answer, JSON.stringify(frame)).toMatchObject({ op: 'ok' })
  return answer
}

interface Scene {
  readonly conversation: string
  /** A message of each who ever could write one. */
  readonly messages: ReadonlyMap<Who, number>
}

/** A group in which everybody has got his role by what was done. */
const createScene = async (state: State, number: number): Promise<Scene> => {
  const isPublic = state.visibility === 'public'
  const writers = ['owner', 'admin', 'member', 'muted', 'left', 'kicked', 'banned', 'otherMember'] as const
  const created = await must('owner', {
    ...{ op: 'group.create', title: 'tea', visibility: state.visibility, joinPolicy: 'request' },
    ...(isPublic ? { name: `${state.name} ${number}` } : {}),
    members: [...writers, 'otherAdmin' as const, 'suspended' as const].filter((who) => who !== 'owner').map(idOf),
  })
  const conversation = String(created.conversation)
  const messages = new Map<Who, number>()
  for (const who of writers) {
    const { seq } = await must(who, { op: 'send', to: { conversation }, body: { kind: 'text', text: who } })
    messages.set(who, Number(seq))
  }
  const govern = (op: string, fields: object) => must('owner', { op: `group.${op}`, conversation, ...fields })
  await govern('role', { user: idOf('admin'), role: 'admin' })
  await govern('role', { user: idOf('otherAdmin'), role: 'admin' })
  await govern('mute', { user: idOf('muted'), untilMs: farMs })
  await must('left', { op: 'group.leave', conversation })
  await govern('kick', { user: idOf('kicked') })
  await govern('ban', { user: idOf('banned') })
  await govern('ban', { user: idOf('otherBanned') })
  await govern('invite', { users: [idOf('invited'), idOf('otherInvited')] })
  if (isPublic)
    for (const who of ['asking', 'otherAsking'] as const) await must(who, { op: 'group.join', conversation })
  const { joinPolicy, posting } = state
  await govern('change', { joinPolicy, posting })
  if (state.isClosed) await govern('close', {})
  return { conversation, messages }
}

/** The frame of a row; `self`: who sends it. */
const frameOf = (command: string, { conversation, messages }: Scene, self: Who): Readonly<Record<string, unknown>> => {
  const own = { conversation, seq: messages.get(self) ?? 0 }
  // Somebody else's, who is of no higher rank than anybody.
  const other = { conversation, seq: messages.get('otherMember') ?? 0 }
  const about = (op: string, who: Who, more: object = {}) => ({
    op: `group.${op}`,
    conversation,
    user: idOf(who),
    ...more,
  })
  const text = { kind: 'text', text: 'hi' }
  const rows: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    send: { op: 'send', to: { conversation }, body: text },
    reply: { op: 'send', to: { conversation }, body: text, replyTo: other.seq },
    'edit own': { op: 'edit', ...own, body: text },
    'edit other': { op: 'edit', ...other, body: text },
    'delete own': { op: 'delete', ...own },
    'delete other': { op: 'delete', ...other },
    report: { op: 'report', ...other, reason: 'rude' },
    react: { op: 'react', ...other, emoji: '👍' },
    unreact: { op: 'unreact', ...other, emoji: '👍' },
    typing: { op: 'typing', conversation, isTyping: true },
    pin: { op: 'pin', ...other },
    unpin: { op: 'unpin', ...other },
    join: { op: 'group.join', conversation },
    leave: { op: 'group.leave', conversation },
    invite: { op: 'group.invite', conversation, users: [idOf('newcomer')] },
    approve: about('approve', 'otherAsking'),
    refuse: about('refuse', 'otherInvited'),
    'refuse self': about('refuse', self),
    'kick member': about('kick', 'otherMember'),
    'kick admin': about('kick', 'otherAdmin'),
    'kick nobody': about('kick', 'outsider'),
    'kick self': about('kick', self),
    'ban member': about('ban', 'otherMember'),
    'ban admin': about('ban', 'otherAdmin'),
    'ban stranger': about('ban', 'outsider'),
    unban: about('unban', 'otherBanned'),
    'unban nobody': about('unban', 'outsider'),
    'mute member': about('mute', 'otherMember', { untilMs: farMs }),
    'mute admin': about('mute', 'otherAdmin', { untilMs: farMs }),
    'role member': about('role', 'otherMember', { role: 'admin' }),
    'role nobody': about('role', 'outsider', { role: 'admin' }),
    transfer: about('transfer', 'otherMember'),
    change: { op: 'group.change', conversation, title: 'coffee' },
    close: { op: 'group.close', conversation },
  }
  const row = rows[command]
  if (row === undefined) throw new Error(`no frame for ${command}`)
  return row
}

describe.each(states)('a group that is $name', (state) => {
  test('answers everybody by his role', async () => {
    const differences: string[] = []
    let scene: Scene | undefined
    let scenes = 0
    for (const [command, byRole] of state.cells) {
      if (command === 'approve' && state.visibility === 'private') continue // Nobody can have asked.
      for (const who of roles) {
        const ought = byRole.get(who)
        if (ought === undefined) continue
        scene ??= await createScene(state, scenes++)
        const answer = await request(who, frameOf(command, scene, who))
        const is = answer.op === 'ok' ? 'ok' : String(answer.code)
        if (is !== ought) differences.push(`${command} by ${who}: ${is} (${String(answer.message)}), not ${ought}`)
        if (is === 'ok') scene = undefined // It is not what it was.
      }
    }
    expect(differences).toEqual([])
  }, 120_000)
})
