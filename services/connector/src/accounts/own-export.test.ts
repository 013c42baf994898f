import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import type { Answer, OwnData } from '../ports.ts'
import { connect, createReadyWorld, deviceOf } from '../test-world.ts'

const dayMs = 24 * 60 * 60_000
const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }

const scene = async () => {
  const { world, connector } = await createReadyWorld()
  const { api } = connector.sockets
  return { world, connector, begin: () => api.exportOwn(identity) }
}

const dataOf = (answer: OwnData | Answer): OwnData => {
  if ('lines' in answer) return answer
  throw new Error(`refused: ${JSON.stringify(answer)}`)
}

const linesOf = async (answer: OwnData | Answer) => {
  const { lines, done } = dataOf(answer)
  const read: Record<string, unknown>[] = []
  for await (const line of lines) {
    expect(line.endsWith('\n')).toBe(true)
    read.push(JSON.parse(line))
  }
  done()
  return read
}

test('gives the profile, the conversations, and what one wrote there, oldest first, and nothing of others', async () => {
  const { world, begin } = await scene()
  for (let i = 0; i < 450; i++) {
    await world.post(1, 'd1.2', `mine ${i}`)
    if (i % 3 === 0) await world.post(2, 'd1.2', `theirs ${i}`)
  }
  await world.post(1, 'd1.3', 'to three')
  await world.post(2, 'd2.3', 'not mine')
  const lines = await linesOf(await begin())
  expect(lines.map(({ kind }) => kind).filter((kind) => kind !== 'message')).toEqual([
    'profile',
    'conversation',
    'conversation',
    'end',
  ])
  expect(lines[0]).toMatchObject({ user: { id: 1, name: 'user1' } })
  const messages = lines.filter(({ kind }) => kind === 'message').map(({ message }) => JSON.stringify(message))
  expect(messages).toEqual([
    ...Array.from({ length: 450 }, (_, i) => expect.stringContaining(`"mine ${i}"`)),
    expect.stringContaining('to three'),
  ])
  expect(lines.at(-1)).toEqual({ kind: 'end', messages: 451 })
  expect(JSON.stringify(lines)).not.toMatch(/theirs|not mine/)
})

test('gives who is a friend, who asked whom, and whom one blocks, to the last page', async () => {
  const { world, begin } = await scene()
  const [, two, three] = [
    await world.readModels.userById(1),
    await world.readModels.userById(2),
    await world.readModels.userById(3),
  ]
  if (two === undefined || three === undefined) throw new Error('no users')
  world.readModels.friends = async (_user, after) =>
    after === undefined
      ? {
          items: [{ user: two, since: 0, isHidden: false }],
          next: '2',
          requests: [{ user: three, direction: 'outgoing', note: 'it is me', at: 1 }],
          blocked: [{ user: three, since: 2 }],
        }
      : { items: [{ user: three, since: 3, isHidden: true }] }
  const lines = await linesOf(await begin())
  expect(lines.slice(1, -1)).toEqual([
    { kind: 'friend', user: expect.objectContaining({ id: 2 }), since: '1970-01-01T00:00:00.000Z' },
    {
      kind: 'friendRequest',
      user: expect.objectContaining({ id: 3 }),
      ...{ direction: 'outgoing', note: 'it is me', at: '1970-01-01T00:00:00.001Z' },
    },
    { kind: 'blocked', user: expect.objectContaining({ id: 3 }), since: '1970-01-01T00:00:00.002Z' },
    { kind: 'friend', user: expect.objectContaining({ id: 3 }), since: '1970-01-01T00:00:00.003Z' },
  ])
})

test('at most once a day', async () => {
  const { world, connector, begin } = await scene()
  await linesOf(await begin())
  await world.clock.advance(60_000)
  expect(await begin()).toMatchObject({ error: 'rate_limited', retryAfterMs: dayMs - 60_000 })
  await connector.service.stop() // What it does every few seconds would fill the day.
  await world.clock.advance(dayMs - 60_000)
  expect(await linesOf(await begin())).toHaveLength(2)
})

test('reads only as far as is taken, and one that breaks off on our side does not count', async () => {
  const { world, begin } = await scene()
  for (let i = 0; i < 450; i++) await world.post(1, 'd1.2', `mine ${i}`)
  const { ownMessages } = world.readModels
  let reads = 0
  world.readModels.ownMessages = (...args) => {
    reads++
    return reads === 2 ? Promise.reject(new Fault('read_models_unavailable', 'away')) : ownMessages(...args)
  }
  const { lines, done } = dataOf(await begin())
  const iterator = lines[Symbol.asyncIterator]()
  for (let i = 0; i < 202; i++) await iterator.next()
  expect(reads).toBe(1)
  await expect(iterator.next()).rejects.toMatchObject({ code: 'read_models_unavailable' })
  done()
  expect((await linesOf(await begin())).at(-1)).toEqual({ kind: 'end', messages: 450 })
})

test('few at once: others are told to come back, until one is done', async () => {
  const { world, connector } = await scene()
  const of = (userId: number) => connector.sockets.api.exportOwn({ ...identity, userId })
  const first = dataOf(await of(1))
  for (const userId of [2, 3, 4]) dataOf(await of(userId))
  expect(await of(5)).toMatchObject({ error: 'unavailable', retryAfterMs: expect.any(Number) })
  first.done()
  dataOf(await of(5))
  expect((await connect(world, connector, 1)).isOpen).toBe(true)
})

test('stores that are away make it unavailable, and hold no place', async () => {
  const { world, begin } = await scene()
  const { beginExport } = world.credentials
  world.credentials.beginExport = () => Promise.reject(new Fault('credentials_unavailable', 'away'))
  for (let i = 0; i < 5; i++) expect(await begin()).toMatchObject({ error: 'unavailable' })
  world.credentials.beginExport = beginExport
  expect(await linesOf(await begin())).toHaveLength(2)
})
