import { sleep, uuidV7 } from '@chat/runtime'
import { expect, test } from 'vitest'
import { answerTo, ask, enter, join, say } from '../memory/people.ts'
import { createGround, type Ground, startWorld } from '../memory/world.ts'
import { createGroup, onLog, textsOf } from './scene.ts'

/** G4: a device's messages keep their order within a conversation. */

test('[G4] of two messages sent at once the second is not accepted when the first was lost, and both keep their order when sent again', async () => {
  const world = await startWorld()
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  let appends = 0
  world.breakAppends(({ topic }) => (topic.kind === 'commands' && appends++ === 0 ? { copies: 0 } : undefined))
  const one = say(world, 2, { conversation }, 'one')
  const two = { ...say(world, 3, { conversation }, 'two'), after: one.clientMsgId }
  for (const frame of [one, two]) ann.client.send(frame)
  await world.until(() => !ann.client.isOpen)
  await world.clock.advance(1_000)
  const back = await enter(world, 'Ann', 0, ann.device)
  for (const frame of [one, two]) expect(await ask(world, back.client, frame)).toMatchObject({ op: 'ok' })
  expect(textsOf(await onLog(world, conversation))).toEqual(['one', 'two'])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('[G4] what was sent behind a write of unknown outcome does not overtake it', async () => {
  const world = await startWorld()
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  let appends = 0
  const lostLate = { copies: 0, answersAfterMs: 50 } as const
  world.breakAppends(({ topic }) => (topic.kind === 'commands' && appends++ === 0 ? lostLate : undefined))
  const [one, two] = [say(world, 2, { conversation }, 'one'), say(world, 3, { conversation }, 'two')]
  ann.client.send(one)
  await world.clock.advance(60)
  ann.client.send(two) // It was on its way before the client could know.
  await world.clock.advance(1_000)
  const back = await enter(world, 'Ann', 0, ann.device)
  for (const frame of [one, two]) expect(await ask(world, back.client, frame)).toMatchObject({ op: 'ok' })
  expect(textsOf(await onLog(world, conversation))).toEqual(['one', 'two'])
  await world.stop()
})

test('[G4] what was sent behind a write that was refused for now does not overtake it', async () => {
  const world = await startWorld()
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  world.breakAppends(({ topic }) => (topic.kind === 'events' ? { copies: 1, answersAfterMs: 300 } : undefined))
  // As many as may always wait on a connector, and more than may wait in one partition.
  for (let device = 0; device < 16; device++) {
    const { client } = await enter(world, 'Ann', 0, uuidV7(world.clock.now(), world.random))
    for (let ref = 1; ref <= 32; ref++) client.send(say(world, ref, { conversation }, 'much'))
  }
  await world.clock.settle()
  const [one, two] = [say(world, 2, { conversation }, 'one'), say(world, 3, { conversation }, 'two')]
  const refused = { op: 'error', code: 'unavailable', retryAfterMs: expect.any(Number) }
  expect(await ask(world, ann.client, one)).toMatchObject(refused)
  world.breakAppends(() => undefined)
  await world.clock.advance(4_000) // There is room again, and `two` was on its way before the client could know.
  expect(await ask(world, ann.client, two)).toMatchObject(refused)
  expect(await ask(world, ann.client, { ...one, ref: 5 })).toMatchObject({ op: 'ok' })
  expect(await ask(world, ann.client, { ...two, ref: 6 })).toMatchObject({ op: 'ok' })
  expect(textsOf(await onLog(world, conversation)).filter((text) => text !== 'much')).toEqual(['one', 'two'])
  await world.stop()
})

test('[G4] what was sent behind a write that came too often does not overtake it', async () => {
  const world = await startWorld({ limits: 'on' })
  const ann = await join(world, 'Ann', 0)
  const conversation = await createGroup(world, ann, 1, [])
  const frames = Array.from({ length: 400 }, (_, index) => say(world, index + 2, { conversation }, `${index}`))
  let [refused, retryAfterMs] = [-1, 0]
  for (const [index, frame] of frames.entries()) {
    const answer = await ask(world, ann.client, frame)
    if (answer.op === 'ok') continue
    expect(answer).toMatchObject({ code: 'rate_limited', retryAfterMs: expect.any(Number) })
    ;[refused, retryAfterMs] = [index, Number(answer.retryAfterMs)]
    break
  }
  const [one, two] = frames.slice(refused, refused + 2)
  if (one === undefined || two === undefined) throw new Error('nothing came too often')
  await world.clock.advance(retryAfterMs) // It may come again, and `two` was on its way before the client could know.
  expect(await ask(world, ann.client, two)).toMatchObject({ op: 'error', code: 'rate_limited' })
  expect(await ask(world, ann.client, { ...one, ref: 500 })).toMatchObject({ op: 'ok' })
  await world.clock.advance(retryAfterMs)
  expect(await ask(world, ann.client, { ...two, ref: 501 })).toMatchObject({ op: 'ok' })
  const texts = frames.slice(0, refused + 2).map(({ body }) => body.text)
  expect(textsOf(await onLog(world, conversation))).toEqual(texts)
  await world.stop()
})

/** Read models whose first look for a user, from now on, takes its time. */
const slowToFind = (ground: Ground, ms: number) => {
  let isSlow = false
  const readModels: Ground['readModels'] = {
    ...ground.readModels,
    existingUsers: async (ids) => {
      const found = await ground.readModels.existingUsers(ids)
      if (isSlow) {
        isSlow = false
        await sleep(ground.clock, ms)
      }
      return found
    },
  }
  const slowDown = () => {
    isSlow = true
  }
  return { ground: { ...ground, readModels }, slowDown }
}

test('[G4] a message whose recipient is looked up holds back the one behind it', async () => {
  const { ground, slowDown } = slowToFind(createGround(), 200)
  const world = await startWorld({ connectors: 2, ground })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  slowDown()
  for (const [ref, text] of [
    [1, 'one'],
    [2, 'two'],
  ] as const)
    ann.client.send(say(world, ref, { user: bob.userId }, text))
  const answer = await answerTo(world, ann.client, 1)
  expect(await answerTo(world, ann.client, 2)).toMatchObject({ op: 'ok' })
  expect(textsOf(await onLog(world, String(answer.conversation)))).toEqual(['one', 'two'])
  await world.stop()
})
