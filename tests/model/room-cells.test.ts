import { afterAll, beforeAll, expect, test } from 'vitest'
import { mustAsOperator, setOperator } from '../memory/operators.ts'
import { join, type Person } from '../memory/people.ts'
import { startWorld, type World } from '../memory/world.ts'
import { type Asking, createAsking } from './asking.ts'
import { readCells } from './table.ts'

/** Who asks: the operator who made the room, whoever wrote in it, anybody else. A suspended one is answered that, as everywhere. */
const columns = 'operator author somebody'.split(' ')
const legend = { forb: 'forbidden', alr: 'already_member', nomsg: 'no_such_message' }

/** As `docs/rules.md` says it, written by hand. */
const open = `
send             ok    ok    ok
reply            ok    ok    ok
reply to nothing nomsg nomsg nomsg
edit             forb  ok    forb
delete           forb  ok    forb
react            ok    ok    ok
unreact          ok    ok    ok
report           ok    ok    ok
react to nothing nomsg nomsg nomsg
typing           ok    ok    ok
delivered        ok    ok    ok
read             ok    ok    ok
history          ok    ok    ok
edits            ok    ok    ok
conversation     ok    ok    ok
members          forb  forb  forb
join             alr   alr   alr
join by name     alr   alr   alr
leave            forb  forb  forb
pin              forb  forb  forb
unpin            forb  forb  forb
invite           forb  forb  forb
approve          forb  forb  forb
refuse           forb  forb  forb
refuse self      forb  forb  forb
kick             forb  forb  forb
ban              forb  forb  forb
ban nobody       forb  forb  forb
unban            forb  forb  forb
mute             forb  forb  forb
role             forb  forb  forb
transfer         forb  forb  forb
change           forb  forb  forb
close            forb  forb  forb
`

const isReading = /^(delivered|read|history|edits|conversation|members)$/
const readTable = (text: string) => readCells(text, columns, legend)
/** Only reading remains. */
const closed = readTable(
  open
    .trim()
    .split('\n')
    .map((line) => {
      const command = line.slice(0, 17).trim()
      return isReading.test(command) ? line : `${command} forb forb forb`
    })
    .join('\n'),
)

let world: World
let asking: { readonly read: Asking; readonly write: Asking }
const people = new Map<string, Person>()

const personOf = (name: string): Person => {
  const person = people.get(name)
  if (person === undefined) throw new Error(`nobody is ${name}`)
  return person
}

beforeAll(async () => {
  world = await startWorld({ connectors: 2 })
  asking = createAsking(world)
  for (const name of [...columns, 'target']) people.set(name, await join(world, name, 0))
  await setOperator(world, 'operator', true)
}, 60_000)

afterAll(() => world.stop())

let rooms = 0
/** A room with a message of the author. */
const createScene = async () => {
  const name = `room ${++rooms}`
  const { conversation } = await mustAsOperator(world, personOf('operator'), 'createRoom', { name, title: 'Hall' })
  const message = { op: 'send', to: { conversation }, body: { kind: 'text', text: 'tea' } }
  const { seq } = await asking.write(personOf('author'), message)
  // Typing asks the read models, and waits for nothing.
  await world.until(async () => (await world.readModels.visibleSeq(1, String(conversation))) === seq)
  return { conversation: String(conversation), name, seq: Number(seq) }
}

const frameOf = (
  command: string,
  { conversation, name, seq }: Awaited<ReturnType<typeof createScene>>,
  self: string,
) => {
  const [body, to] = [{ kind: 'text', text: 'hi' }, { conversation }]
  const [message, nothing] = [
    { conversation, seq },
    { conversation, seq: 99 },
  ]
  const about = (op: string, more: object = {}, who = 'target') => ({
    ...{ op: `group.${op}`, conversation, user: personOf(who).userId, ...more },
  })
  const frames: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    send: { op: 'send', to, body },
    reply: { op: 'send', to, body, replyTo: seq },
    'reply to nothing': { op: 'send', to, body, replyTo: 99 },
    edit: { op: 'edit', ...message, body },
    delete: { op: 'delete', ...message },
    react: { op: 'react', ...message, emoji: '👍' },
    unreact: { op: 'unreact', ...message, emoji: '👍' },
    report: { op: 'report', ...message, reason: 'rude' },
    'react to nothing': { op: 'react', ...nothing, emoji: '👍' },
    typing: { op: 'typing', conversation, isTyping: true },
    delivered: { op: 'delivered', ...message },
    read: { op: 'read', ...message },
    history: { op: 'history', conversation },
    edits: { op: 'edits', ...message },
    conversation: { op: 'conversation', conversation, countsAt: 1 },
    members: { op: 'members', conversation },
    join: { op: 'group.join', conversation },
    'join by name': { op: 'group.join', name },
    leave: { op: 'group.leave', conversation },
    pin: { op: 'pin', ...message },
    unpin: { op: 'unpin', ...message },
    invite: { op: 'group.invite', conversation, users: [personOf('target').userId] },
    approve: about('approve'),
    refuse: about('refuse'),
    'refuse self': about('refuse', {}, self),
    kick: about('kick'),
    ban: about('ban'),
    'ban nobody': { ...about('ban'), user: 2_000_000_011 },
    unban: about('unban'),
    mute: about('mute', { untilMs: Date.UTC(2100, 0, 1) }),
    role: about('role', { role: 'admin' }),
    transfer: about('transfer'),
    change: { op: 'group.change', conversation, title: 'coffee' },
    close: { op: 'group.close', conversation },
  }
  const frame = frames[command]
  if (frame === undefined) throw new Error(`no frame for ${command}`)
  return frame
}

test.each([
  { state: 'open', cells: readTable(open) },
  { state: 'closed', cells: closed },
])('an online room that is $state answers everybody alike, but for what he wrote', async ({ state, cells }) => {
  const differences: string[] = []
  for (const [command, byColumn] of cells)
    for (const [who, ought] of byColumn) {
      const scene = await createScene()
      if (state === 'closed')
        await mustAsOperator(world, personOf('operator'), 'closeRoom', { conversation: scene.conversation })
      const ask = isReading.test(command) || command === 'typing' ? asking.read : asking.write
      const answer = await ask(personOf(who), frameOf(command, scene, who))
      const is = answer.op === 'ok' ? 'ok' : String(answer.code)
      if (is !== ought) differences.push(`${command} by ${who}: ${is} (${String(answer.message)}), not ${ought}`)
    }
  expect(differences).toEqual([])
})

test('what happens in it is pushed to everybody who is connected, on every connector, and to nobody twice', async () => {
  const elsewhere = await join(world, 'elsewhere', 1)
  const { conversation, seq } = await createScene()
  await world.until(() => elsewhere.client.pushes('event').length >= 2)
  for (const { client } of [...people.values(), elsewhere])
    expect(
      client
        .pushes('event')
        .filter((event) => event.conversation === conversation)
        .map((event) => event.seq),
    ).toEqual([1, seq])
})
