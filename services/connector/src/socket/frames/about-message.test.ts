import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld } from '../../test-world.ts'

const about = { conversation: 'd1.2', seq: 1 }
const ops = [
  { op: 'edit', body: { kind: 'text', text: 'new' } },
  { op: 'delete' },
  { op: 'react', emoji: '👍' },
  { op: 'unreact', emoji: '👍' },
  { op: 'pin' },
  { op: 'unpin' },
  { op: 'report', reason: 'rude' },
] as const

const createScene = async (overrides: Parameters<typeof createReadyWorld>[0] = {}) => {
  const { world, connector } = await createReadyWorld(overrides)
  world.flags.script = () => ({ conversation: 'd1.2', seq: 9, pos: 9 })
  const client = await connect(world, connector, 1)
  return { world, client }
}

test.each(ops)('$op tells the router whose the message is, since when, and as of which place', async (frame) => {
  const { world, client } = await createScene()
  const postedAt = world.clock.now()
  const { pos } = await world.post(2, 'd1.2', 'hi')
  expect(await ask(world, client, { ...frame, ...about })).toMatchObject({ op: 'ok', seq: 9 })
  expect(world.commands.at(-1)).toMatchObject({
    ...{ conversation: 'd1.2', actor: 1, message: 1, author: 2, postedAt, asOf: pos + 1 },
    ...('emoji' in frame ? { emoji: frame.emoji } : {}),
    ...('reason' in frame ? { type: 'ReportMessage', reason: Buffer.from('rude'), keyId: null } : {}),
  })
})

test('an edit carries its window and whom its text can mean, and a message whom it can mean', async () => {
  const { world, client } = await createScene({ editWindowMs: 5000 })
  await world.post(2, 'd1.2', 'hi')
  await ask(world, client, { op: 'edit', ...about, body: { kind: 'text', text: 'hi @user3' } })
  expect(world.commands.at(-1)).toMatchObject({ type: 'EditMessage', windowMs: 5000, mentions: [{ users: [3] }] })
  const clientMsgId = world.newId()
  await ask(world, client, {
    op: 'send',
    ref: 2,
    to: { user: 2 },
    clientMsgId,
    body: { kind: 'text', text: '@user2 @user9' },
  })
  expect(world.commands.at(-1)).toMatchObject({ type: 'PostMessage', mentions: [{ users: [2] }] })
})

test('a message that is not there is for the router to refuse, who knows what else there is to be said', async () => {
  const { world, client } = await createScene()
  world.flags.script = () => ({ outcome: 'rejected', code: 'no_such_message' })
  await world.post(2, 'd1.2', 'hi')
  expect(await ask(world, client, { op: 'delete', ...about, seq: 2 })).toMatchObject({ code: 'no_such_message' })
  expect(world.commands.at(-1)).toMatchObject({ type: 'DeleteMessage', message: 2, author: null })
})

test('a conversation of two others is not looked into, and somebody who does not exist has none', async () => {
  const { world, client } = await createScene()
  world.flags.script = () => ({ outcome: 'rejected', code: 'no_such_conversation' })
  await world.post(2, 'd2.3', 'secret')
  const asked = { op: 'pin', conversation: 'd2.3', seq: 1 }
  expect(await ask(world, client, asked)).toMatchObject({ code: 'no_such_conversation' })
  expect(world.commands.at(-1)).toMatchObject({ type: 'PinMessage', author: null })
  expect(await ask(world, client, { op: 'pin', ref: 2, conversation: 'd1.99', seq: 1 })).toMatchObject({
    code: 'no_such_user',
  })
})

test('a message that is not projected yet is waited for, and past the wait nothing is known of it', async () => {
  const { world, client } = await createScene()
  world.flags.projects = false
  await world.post(2, 'd1.2', 'hi')
  client.send({ op: 'pin', ref: 5, ...about })
  client.send({ op: 'pin', ref: 6, ...about })
  await world.clock.advance(100)
  expect([...client.answers(5), ...client.answers(6)]).toEqual([])
  await world.project()
  await world.clock.settle()
  expect([...client.answers(5), ...client.answers(6)]).toMatchObject([{ op: 'ok' }, { op: 'ok' }])
  await world.post(2, 'd1.2', 'late')
  client.send({ op: 'pin', ref: 7, ...about, seq: 2 })
  await world.clock.advance(600)
  expect(client.answers(7)).toMatchObject([{ code: 'unavailable', retry: 'later' }])
})

test('while the read models are away it is refused for now, a text that may name somebody too, and the connection lives', async () => {
  const { world, client } = await createScene()
  await world.post(2, 'd1.2', 'hi')
  const away = () => Promise.reject(new Fault('read_models_unavailable', 'away'))
  Object.assign(world.readModels, { message: away, usersByNames: away })
  expect(await ask(world, client, { op: 'react', ...about, emoji: '👍' })).toMatchObject({
    code: 'unavailable',
    retry: 'later',
  })
  const send = { op: 'send', to: { user: 1 } }
  const [first, second] = [world.newId(), world.newId()]
  const said = { ...send, ref: 2, clientMsgId: first, body: { kind: 'text', text: 'a@b @user3' } }
  expect(await ask(world, client, said)).toMatchObject({ code: 'unavailable', retry: 'later' })
  const plain = {
    ...send,
    ref: 3,
    clientMsgId: second,
    to: { conversation: 'd1.1' },
    body: { kind: 'text', text: 'hi' },
  }
  expect(await ask(world, client, plain)).toMatchObject({ op: 'error', code: 'unavailable' }) // behind the one that comes again
  expect(client.isOpen).toBe(true)
})

test('edits gives what a message said, to those who may see it', async () => {
  const { world, client } = await createScene()
  await world.post(2, 'd1.2', 'hi')
  const text = { kind: 'text', text: 'hi' }
  const page = await ask(world, client, { op: 'edits', ...about })
  expect(page).toMatchObject({ op: 'ok', items: [{ seq: 1, actor: 2, body: text }] })
  expect(await ask(world, client, { op: 'edits', ref: 2, ...about, seq: 2 })).toMatchObject({ code: 'no_such_message' })
  expect(await ask(world, client, { op: 'edits', ref: 3, conversation: 'd2.3', seq: 1 })).toMatchObject({
    code: 'not_found',
  })
})
