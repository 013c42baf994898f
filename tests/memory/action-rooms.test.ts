import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { openWordFilter } from '@chat/connector/word-filter'
import { silentLogger } from '@chat/runtime'
import { expect, test } from 'vitest'
import { comes, enter, startAction, texts } from './action-client.ts'
import { mustAsOperator, setOperator } from './operators.ts'
import { ask, join, say } from './people.ts'
import type { World } from './world.ts'

/** A group that somebody makes on the page. */
const makeRoom = async (world: World, maker: Awaited<ReturnType<typeof join>>, name: string, more: object = {}) => {
  const frame = { op: 'group.create', ref: 900, name, title: `The ${name}`, visibility: 'public', joinPolicy: 'open' }
  const made = await ask(world, maker.client, { ...frame, ...more })
  return { conversation: String(made.conversation) }
}

test('who joins a room is shown its last 50 messages, oldest first, and then what comes, once; the sender sees his own', async () => {
  const { world, client } = await startAction()
  const maker = await join(world, 'maker', 0)
  const room = await makeRoom(world, maker, 'tea')
  for (let n = 1; n <= 60; n++) await ask(world, maker.client, say(world, n, room, `old ${n}`))
  const ann = await enter(world, client(1), 'ann')
  ann.say('joinRoom', { roomName: 'tea', username: 'ann' })
  await world.until(() => texts(ann).length === 50)
  expect(texts(ann)).toEqual(Array.from({ length: 50 }, (_, n) => `old ${n + 11}`))
  expect(ann.heard('chat')[0]).toMatchObject({ from: 'maker', roomName: 'tea', format: 'text' })
  ann.say('chat', { format: 'text', from: 'ann', to: null, roomName: 'tea', ts: 1, isGroup: true, message: 'mine' })
  expect(await comes(world, ann, 'chat', { message: 'mine' })).toMatchObject({ from: 'ann', roomName: 'tea' })
  await ask(world, maker.client, say(world, 101, room, 'live'))
  await comes(world, ann, 'chat', { message: 'live' })
  await world.clock.advance(5_000)
  expect(texts(ann).slice(50)).toEqual(['mine', 'live'])
  // Whoever is in it already is shown them again when he asks.
  ann.memory.close()
  await world.clock.advance(2_000)
  await ask(world, maker.client, say(world, 102, room, 'missed'))
  const back = await enter(world, client(0), 'ann')
  await comes(world, back, 'chat', { message: 'missed' })
  back.say('joinRoom', { roomName: 'tea', username: 'ann' })
  await world.clock.advance(5_000)
  const old = Array.from({ length: 47 }, (_, n) => `old ${n + 14}`)
  expect(texts(back)).toEqual(['missed', ...old, 'mine', 'live', 'missed'])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('what is missed of a room and is shown by joining it at once does not come again', async () => {
  const { world, client } = await startAction()
  const maker = await join(world, 'maker', 0)
  const room = await makeRoom(world, maker, 'tea')
  const ann = await enter(world, client(1), 'ann')
  ann.say('joinRoom', { roomName: 'tea', username: 'ann' })
  ann.say('chat', { to: null, isGroup: true, roomName: 'tea', message: 'here' })
  await comes(world, ann, 'chat', { message: 'here' })
  await world.clock.advance(2_000)
  ann.memory.close()
  await world.clock.settle()
  for (let n = 1; n <= 120; n++) await ask(world, maker.client, say(world, n, room, `missed ${n}`))
  const back = client(0)
  back.logIn('ann')
  back.say('joinRoom', { roomName: 'tea', username: 'ann' })
  await world.clock.advance(10_000)
  expect(texts(back).length).toBe(120)
  expect(new Set(texts(back)).size).toBe(120)
  await world.stop()
})

test('a room that is not there is 404, one that he is not in or may not join 403; history that begins with the stay stays hidden', async () => {
  const { world, client } = await startAction()
  const maker = await join(world, 'maker', 0)
  const hidden = await makeRoom(world, maker, 'hidden', { history: 'sinceJoin' })
  await makeRoom(world, maker, 'closed', { joinPolicy: 'invite' })
  await makeRoom(world, maker, 'asking', { joinPolicy: 'request' })
  await ask(world, maker.client, say(world, 1, hidden, 'before'))
  const ann = await enter(world, client(1), 'ann')
  const chat = { format: 'text', from: 'ann', to: null, ts: 1, isGroup: true, message: 'x' }
  for (const [action, data, code] of [
    ['joinRoom', { roomName: 'nowhere', username: 'ann' }, 404],
    ['chat', { ...chat, roomName: 'nowhere' }, 404],
    ['chat', { ...chat, roomName: 'hidden' }, 403],
    ['joinRoom', { roomName: 'closed', username: 'maker' }, 403],
    ['joinRoom', { roomName: 'asking', username: 'ann' }, 403],
    ['chat', { ...chat, roomName: 'asking' }, 403],
  ] as const) {
    const from = ann.heard('error').length
    ann.say(action, data)
    expect(await comes(world, ann, 'error', {}, from)).toMatchObject({ code, ext: '' })
  }
  ann.say('joinRoom', { roomName: 'hidden', username: 'ann' })
  ann.say('chat', { ...chat, roomName: 'hidden', message: 'after' })
  await comes(world, ann, 'chat', { message: 'after' })
  expect(texts(ann)).toEqual(['after'])
  await world.stop()
})

test('popular words are those of the hour, word and count as texts; listed words show masked, to their sender too', async () => {
  const dir = mkdtempSync(joinPath(tmpdir(), 'chat-words-'))
  writeFileSync(joinPath(dir, 'en.txt'), 'badword\n')
  const ports = { clock: { after: () => () => {} } as never, logger: silentLogger }
  const wordFilter = await openWordFilter({ wordFilter: 'mask', wordFilterDir: dir }, ports)
  const { world, client } = await startAction({ wordFilter })
  const maker = await join(world, 'maker', 0)
  await makeRoom(world, maker, 'tea')
  const ann = await enter(world, client(1), 'ann')
  ann.say('joinRoom', { roomName: 'tea', username: 'ann' })
  ann.say('chat', { to: null, isGroup: true, roomName: 'tea', message: 'one three three badword three one' })
  ann.say('chat', { to: null, isGroup: true, roomName: 'tea', message: 'one' })
  await world.until(() => texts(ann).length === 2)
  expect(texts(ann)[0]).toBe('one three three ******* three one')
  for (const [n, words] of [
    ['2', ['one', '3', 'three', '3']],
    [0, ['one', '3']],
    ['-4', ['one', '3']],
  ] as const) {
    const from = ann.heard('popular').length
    ann.say('popular', { n })
    expect(await comes(world, ann, 'popular', {}, from)).toEqual({ words })
  }
  await world.clock.advance(3_600_000)
  ann.say('popular', { n: '9' })
  expect(await comes(world, ann, 'popular', {}, 3)).toEqual({ words: [] })
  await world.stop()
  wordFilter.close()
  rmSync(dir, { recursive: true })
})

test('people of other protocols and of this one talk in one room; edits show, and what a room says of itself', async () => {
  const { world, client } = await startAction()
  const cem = await join(world, 'cem', 0)
  const room = await makeRoom(world, cem, 'tea')
  const ann = await enter(world, client(1), 'ann')
  ann.say('joinRoom', { roomName: 'tea', username: 'ann' })
  const sent = await ask(world, cem.client, say(world, 1, room, 'draft'))
  await comes(world, ann, 'chat', { from: 'cem', message: 'draft', roomName: 'tea' })
  const body = { kind: 'text', text: 'better' }
  await ask(world, cem.client, { op: 'edit', ref: 2, ...room, seq: sent.seq, body })
  await comes(world, ann, 'chat', { from: 'cem', message: '(edited) better' })
  ann.say('chat', { to: null, isGroup: true, roomName: 'tea', message: 'hi' })
  await world.until(() => cem.client.pushes('event').some(({ data }) => JSON.stringify(data).includes('"hi"')))
  const annId = (await world.readModels.userByName('ann'))?.id
  await ask(world, cem.client, { op: 'friend.request', ref: 3, user: annId })
  await comes(world, ann, 'chat', { from: 'server', roomName: '' })
  await ask(world, cem.client, { op: 'group.kick', ref: 4, ...room, user: annId })
  await comes(world, ann, 'chat', { from: 'server', message: 'you were removed from room tea' })
  await world.stop()
  expect(world.failures).toEqual([])
})

test('an online room is shown from the login on; joining it shows its last messages, and everybody may write there', async () => {
  const { world, client } = await startAction()
  const operator = await join(world, 'operator', 0)
  await setOperator(world, 'operator', true)
  const made = await mustAsOperator(world, operator, 'createRoom', { name: 'hall', title: 'The hall' })
  const room = { conversation: String(made.conversation) }
  await ask(world, operator.client, say(world, 1, room, 'before'))
  const ann = await enter(world, client(1), 'ann')
  ann.say('chat', { to: null, isGroup: true, roomName: 'hall', message: 'me too' })
  await comes(world, ann, 'chat', { from: 'ann', roomName: 'hall', message: 'me too' })
  expect(texts(ann)).toEqual(['me too'])
  ann.say('joinRoom', { roomName: 'hall', username: 'ann' })
  await world.until(() => texts(ann).length === 3)
  expect(texts(ann)).toEqual(['me too', 'before', 'me too'])
  expect(ann.heard('error')).toEqual([])
  await world.stop()
  expect(world.failures).toEqual([])
})
