import { partitionOfId } from '@chat/schemas'
import { profileChanged, userReinstated, userSuspended } from '@chat/testkit'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, deviceOf, type TestWorld } from '../test-world.ts'

const partitionOf = (world: TestWorld, user: number) => partitionOfId(user, world.topics.events.partitions)
const identity = { userId: 1, sessionId: 's1', device: deviceOf(1) }
const suspend = (world: TestWorld, user: number) => world.append(partitionOf(world, user), userSuspended(2, user))

test('who is suspended is closed with 4403 within 5 s on every connector, and others are not, whatever was delivered', async () => {
  const { world, connector: a } = await createReadyWorld()
  const b = world.connector()
  await b.service.start()
  const suspended = [await connect(world, a, 1), await connect(world, b, 1, { device: 7 })]
  const other = await connect(world, b, 2)
  await suspend(world, 1)
  await world.clock.advance(5_000)
  expect(suspended.map(({ closedWith }) => closedWith?.code)).toEqual([4403, 4403])
  expect(other.isOpen).toBe(true)
})

test('the delivered event closes it at once', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  await world.deliver(partitionOf(world, 1), await suspend(world, 1), [1])
  await world.clock.settle()
  expect(client.closedWith?.code).toBe(4403)
})

test('what he pipelined behind a write that was being checked is not sent', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  world.flags.projects = false
  for (const ref of [1, 2])
    client.send({
      op: 'send',
      ref,
      to: { user: 700 + ref },
      clientMsgId: world.newId(),
      body: { kind: 'text', text: 'x' },
    })
  await world.deliver(partitionOf(world, 1), await suspend(world, 1), [1])
  await world.clock.advance(2_000)
  expect(client.closedWith?.code).toBe(4403)
  expect(world.commands).toEqual([])
})

test('hello and requests are refused as suspended, until he is reinstated', async () => {
  const { world, connector } = await createReadyWorld()
  await suspend(world, 1)
  await world.clock.advance(2_000)
  const refused = await connect(world, connector, 1)
  expect(refused.answers(0)).toMatchObject([{ op: 'error', code: 'suspended', retry: 'never' }])
  expect(refused.closedWith?.code).toBe(4403)
  const { api } = connector.sockets
  const me = { op: 'me', ref: 1 }
  expect(await api.request(identity, me, undefined)).toMatchObject({ error: 'suspended' })
  expect(await api.request(identity, { op: 'nothing', ref: 1 }, undefined)).toMatchObject({ error: 'invalid' })
  expect(await api.endSession(identity)).toMatchObject({ error: 'suspended' })
  await world.append(partitionOf(world, 1), userReinstated(2, 1))
  await world.clock.advance(2_000)
  expect(await api.request(identity, me, undefined)).toMatchObject({ ok: { user: { id: 1 } } })
  expect((await connect(world, connector, 1)).isOpen).toBe(true)
})

test('a connector that was started after the suspension knows of it', async () => {
  const { world } = await createReadyWorld()
  await suspend(world, 1)
  const late = world.connector()
  await late.service.start()
  expect((await connect(world, late, 1)).closedWith?.code).toBe(4403)
})

test('a profile becomes a command of the account, and is read back', async () => {
  const { world, connector } = await createReadyWorld()
  world.flags.script = () => ({ pos: 4 })
  const client = await connect(world, connector, 1)
  const answer = await ask(world, client, { op: 'profile', displayName: 'Zoë', about: '' })
  expect(answer).toMatchObject({ op: 'ok', position: expect.any(String) })
  expect(world.commands).toMatchObject([
    { type: 'ChangeProfile', actor: 1, displayName: Buffer.from('Zoë'), about: Buffer.alloc(0), keyId: null },
  ])
})

test('a change of a profile is pushed to his own devices, without a place', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  const partition = partitionOf(world, 1)
  const placed = await world.append(partition, profileChanged(1, { about: Buffer.from('tea'), at: 0 }))
  await world.deliver(partition, placed, [1])
  await world.clock.settle()
  const told = { op: 'event', type: 'profileChanged', actor: 1, at: '1970-01-01T00:00:00.000Z', data: { about: 'tea' } }
  expect(client.pushes('event')).toEqual([told])
})

test('a profile with text that would change what stands around it is invalid', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  for (const [ref, wrong] of [
    { about: 'a\u202eb' },
    { about: 'x'.repeat(501) },
    { displayName: 'a\nb' },
    { displayName: '' },
  ].entries())
    expect(await ask(world, client, { op: 'profile', ref: ref + 10, ...wrong })).toMatchObject({ code: 'invalid' })
  expect(world.commands).toEqual([])
})
