import { directConversation } from '@chat/schemas'
import { expect, test } from 'vitest'
import { ask, join, say } from '../memory/people.ts'
import { startWorld } from '../memory/world.ts'
import {
  commandOf,
  createGroup,
  fewMembers,
  historyOf,
  onLog,
  pushesOf,
  sendPastConnectors,
  textsOf,
  toldToMembers,
} from './scene.ts'

/** G5: only members at that position can post and see. */

test('[G5] a member who left neither posts nor sees what came after', async () => {
  const world = await startWorld({ connectors: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  await ask(world, ann.client, say(world, 2, { conversation }, 'with him'))
  await ask(world, bob.client, { op: 'group.leave', ref: 1, conversation })
  await ask(world, ann.client, say(world, 3, { conversation }, 'without him'))
  const answer = await ask(world, bob.client, say(world, 2, { conversation }, 'still here'))
  expect(answer).toMatchObject({ op: 'error', code: 'not_member' })
  const changed = await ask(world, bob.client, { op: 'group.change', ref: 4, conversation, title: 'his' })
  expect(changed).toMatchObject({ op: 'error', code: 'not_member' })
  expect(textsOf(await onLog(world, conversation))).toEqual(['with him', 'without him'])
  expect(textsOf(await historyOf(world, bob, 3, conversation))).toEqual(['with him'])
  await world.clock.advance(5_000)
  expect(textsOf(pushesOf(bob, conversation))).toEqual(['with him'])
  await world.stop()
  expect(world.failures).toEqual([])
})

test('[G5] who joins where history begins with joining sees nothing older, not even when another router tells again', async () => {
  const world = await startWorld({ connectors: 2 })
  const [ann, eve] = [await join(world, 'Ann', 0), await join(world, 'Eve', 1)]
  const open = { name: 'lunch', visibility: 'public', joinPolicy: 'open', history: 'sinceJoin' }
  const conversation = await createGroup(world, ann, 1, [], open)
  await ask(world, ann.client, say(world, 2, { conversation }, 'before her'))
  expect(await ask(world, eve.client, { op: 'group.join', ref: 1, conversation })).toMatchObject({ op: 'ok' })
  await ask(world, ann.client, say(world, 3, { conversation }, 'with her'))
  const next = await startWorld({ ground: world.ground, connectors: 0, projectors: 0, firstNumber: 1 })
  await world.run(Promise.all(world.routers.map(({ service }) => service.stop())))
  await ask(world, ann.client, say(world, 4, { conversation }, 'after the change'))
  await world.clock.advance(5_000)
  expect(textsOf(pushesOf(eve, conversation))).toEqual(['with her', 'after the change'])
  expect(textsOf(await historyOf(world, eve, 2, conversation))).toEqual(['with her', 'after the change'])
  await world.stop()
  await next.stop()
})

test('[G5] whom somebody blocks hears nothing of it, not even when another router tells again', async () => {
  const world = await startWorld({ connectors: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = directConversation(ann.userId, bob.userId)
  await ask(world, ann.client, say(world, 1, { conversation }, 'before'))
  expect(await ask(world, ann.client, { op: 'block', ref: 2, user: bob.userId })).toMatchObject({ op: 'ok' })
  const next = await startWorld({ ground: world.ground, connectors: 0, projectors: 0, firstNumber: 1 })
  await world.run(Promise.all(world.routers.map(({ service }) => service.stop())))
  await ask(world, ann.client, say(world, 3, { user: ann.userId }, 'after the change'))
  await world.clock.advance(5_000)
  expect(pushesOf(ann, conversation).map(({ type }) => type)).toContain('userBlocked')
  expect(pushesOf(bob, conversation).map(({ type }) => type)).toEqual(['messagePosted'])
  await world.stop()
  await next.stop()
})

test('[G5] a third person posts nothing between two others, even past a connector that checks nothing', async () => {
  const world = await startWorld()
  const [ann, bob, eve] = [await join(world, 'Ann', 0), await join(world, 'Bob', 0), await join(world, 'Eve', 0)]
  const conversation = directConversation(ann.userId, bob.userId)
  await ask(world, ann.client, say(world, 1, { conversation }, 'ours'))
  await sendPastConnectors(world, commandOf(world, eve, conversation, 'hers'))
  await ask(world, bob.client, say(world, 1, { conversation }, 'ours too'))
  expect(textsOf(await onLog(world, conversation))).toEqual(['ours', 'ours too'])
  expect(await historyOf(world, eve, 1, conversation)).toEqual([])
  await world.stop()
})

test('[G5] of a group that is told to connectors, each member gets what is said while he is one, and nothing else', async () => {
  const world = await startWorld({ connectors: 2, groupLimits: fewMembers })
  const names = ['Ann', 'Bob', 'Cid', 'Dan', 'Eve', 'Fay']
  const [ann, bob, ...others] = await Promise.all(names.map((name, index) => join(world, name, index % 2)))
  const zoe = await join(world, 'Zoe', 1)
  if (ann === undefined || bob === undefined) throw new Error('nobody came')
  const open = { name: 'lunch', visibility: 'public', joinPolicy: 'open', history: 'sinceJoin' }
  const conversation = await createGroup(world, ann, 1, [bob, ...others], open)
  await world.clock.advance(1_000)
  await ask(world, ann.client, say(world, 2, { conversation }, 'with Bob'))
  await ask(world, bob.client, { op: 'group.leave', ref: 1, conversation })
  await ask(world, ann.client, say(world, 3, { conversation }, 'with neither'))
  await ask(world, zoe.client, { op: 'group.join', ref: 1, conversation })
  await ask(world, ann.client, say(world, 4, { conversation }, 'with Zoe'))
  await world.clock.advance(5_000)
  expect([...(await toldToMembers(world, conversation))]).toEqual([2, 3, 4, 5, 6])
  expect(textsOf(pushesOf(bob, conversation))).toEqual(['with Bob'])
  expect(textsOf(pushesOf(zoe, conversation))).toEqual(['with Zoe'])
  for (const person of [ann, ...others])
    expect(textsOf(pushesOf(person, conversation))).toEqual(['with Bob', 'with neither', 'with Zoe'])
  await world.stop()
  expect(world.failures).toEqual([])
})
