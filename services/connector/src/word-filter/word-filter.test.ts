import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld } from '../test-world.ts'
import { createWordFilter } from './word-filter.ts'
import { createWordList } from './word-list.ts'

const filtered = (mode: 'mask' | 'refuse', words: readonly string[] = ['badword']) => {
  const inForce = { list: createWordList(words) }
  return { inForce, wordFilter: createWordFilter(mode, () => inForce.list) }
}

const textsOf = (events: readonly unknown[]) =>
  events.map((event) => (event as { data: { body: { text: string } } }).data.body.text)

test('a listed word is masked in pushes, history and sync, and the log keeps what was written', async () => {
  const { world, connector } = await createReadyWorld(filtered('mask'))
  const client = await connect(world, connector, 1)
  await ask(world, client, {
    ...{ op: 'send', ref: 1, to: { user: 2 }, clientMsgId: world.newId() },
    body: { kind: 'text', text: 'xxbadword1' },
  })
  expect(textsOf(client.pushes('event'))).toEqual(['xx*******1'])
  const history = await ask(world, client, { op: 'history', ref: 2, conversation: 'd1.2' })
  expect(textsOf(history.events as unknown[])).toEqual(['xx*******1'])
  const sync = await ask(world, client, { op: 'sync', ref: 3 })
  expect(JSON.stringify(sync.conversations)).toContain('xx*******1')
  const [command] = world.commands
  expect(command?.type === 'PostMessage' && Buffer.from(command.body).toString()).toContain('xxbadword1')
})

test('a new list applies to the past at once', async () => {
  const { inForce, wordFilter } = filtered('mask')
  const { world, connector } = await createReadyWorld({ wordFilter })
  const client = await connect(world, connector, 1)
  await world.post(2, 'd1.2', 'badword or otherword')
  const read = async (ref: number) => {
    const page = await ask(world, client, { op: 'history', ref, conversation: 'd1.2' })
    return textsOf(page.events as unknown[])
  }
  expect(await read(1)).toEqual(['******* or otherword'])
  inForce.list = createWordList(['otherword'])
  expect(await read(2)).toEqual(['badword or *********'])
})

test('`refuse` answers forbidden and sends nothing; what was written before is masked', async () => {
  const { world, connector } = await createReadyWorld(filtered('refuse'))
  const client = await connect(world, connector, 1)
  await world.post(2, 'd1.2', 'an old badword')
  await world.clock.settle()
  expect(textsOf(client.pushes('event'))).toEqual(['an old *******'])
  const send = (ref: number, text: string) =>
    ask(world, client, {
      ...{ op: 'send', ref, to: { user: 2 }, clientMsgId: world.newId(), body: { kind: 'text', text } },
    })
  expect(await send(1, 'ＢＡＤword')).toMatchObject({ op: 'error', code: 'forbidden', retry: 'never' })
  expect(world.commands).toHaveLength(0)
  expect(await send(2, 'bad word')).toMatchObject({ op: 'ok' })
})

test('titles and descriptions are masked in events and lists, names are not; `refuse` refuses all three', async () => {
  const group = { op: 'group.create', title: 'badword club', description: 'for a badword', visibility: 'public' }
  const masking = await createReadyWorld(filtered('mask'))
  const client = await connect(masking.world, masking.connector, 1)
  const made = await ask(masking.world, client, { ...group, ref: 1, name: 'badwords' })
  const { conversation } = made
  const [created] = client.pushes('event')
  expect(created?.data).toMatchObject({ name: 'badwords', title: '******* club', description: 'for a *******' })
  const view = await ask(masking.world, client, { op: 'conversation', ref: 2, conversation })
  expect(JSON.stringify(view)).toContain('******* club')
  const list = await ask(masking.world, client, { op: 'conversations', ref: 3 })
  expect(JSON.stringify(list)).toContain('for a *******')

  const refusing = await createReadyWorld(filtered('refuse'))
  const other = await connect(refusing.world, refusing.connector, 1)
  const clean = { ...group, title: 'club', description: 'a', name: 'words' }
  for (const [index, fields] of [{ title: 'badword' }, { description: 'a badword' }, { name: 'badwords' }].entries()) {
    const answer = await ask(refusing.world, other, { ...clean, ...fields, ref: index + 1 })
    expect(answer).toMatchObject({ code: 'forbidden' })
  }
  expect(await ask(refusing.world, other, { ...clean, ref: 9 })).toMatchObject({ op: 'ok' })
})

test('a custom body is a program’s: it is neither masked nor refused', async () => {
  const { world, connector } = await createReadyWorld(filtered('refuse'))
  const client = await connect(world, connector, 1)
  const body = { kind: 'custom', type: 'game', data: { text: 'badword' } }
  const answer = await ask(world, client, { op: 'send', ref: 1, to: { user: 2 }, clientMsgId: world.newId(), body })
  expect(answer).toMatchObject({ op: 'ok' })
  expect(client.pushes('event')[0]?.data).toMatchObject({ body })
})
