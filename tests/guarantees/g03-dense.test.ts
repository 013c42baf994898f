import { expect, test } from 'vitest'
import { ask, join, say } from '../memory/people.ts'
import { startWorld } from '../memory/world.ts'
import { createGroup, forgeEvent, historyOf, messageOf, onLog, partitionIn, pushesOf, type Shown } from './scene.ts'

/** G3: `seq` is dense per conversation and equal for everybody. */

test('[G3] two routers that both believe they own the conversation give every message one place, the same for all', async () => {
  const world = await startWorld({ connectors: 2, routers: 2 })
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 1)]
  const conversation = await createGroup(world, ann, 1, [bob])
  world.store.groups.confuse('m.routers')
  for (let ref = 2; ref <= 11; ref++) {
    for (const person of [ann, bob]) person.client.send(say(world, ref, { conversation }, `${person.userId}:${ref}`))
    await world.until(() => [ann, bob].every(({ client }) => client.answers(ref).length > 0))
  }
  const log = (await onLog(world, conversation)).slice(1)
  expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: 20 }, (_, index) => index + 2))
  const places = (events: readonly Shown[]) =>
    events.flatMap(({ seq, text }) => (text === undefined ? [] : [`${seq} ${text}`]))
  for (const person of [ann, bob]) {
    expect(places(await historyOf(world, person, 20, conversation))).toEqual(places(log))
    await world.until(() => pushesOf(person, conversation).length >= 21)
    expect(places(pushesOf(person, conversation)).toSorted()).toEqual(places(log).toSorted())
    for (let ref = 2; ref <= 11; ref++) {
      const [answer] = person.client.answers(ref)
      expect(places(log)).toContain(`${answer?.seq} ${person.userId}:${ref}`)
    }
  }
  await world.stop()
  expect(world.failures).toEqual([])
})

test('[G3] an event that leaves a place out is taken by nobody: the conversation stops and its history has no hole', async () => {
  const world = await startWorld()
  const [ann, bob] = [await join(world, 'Ann', 0), await join(world, 'Bob', 0)]
  const conversation = await createGroup(world, ann, 1, [bob])
  await ask(world, ann.client, say(world, 2, { conversation }, 'two'))
  await forgeEvent(world, partitionIn(world, conversation), messageOf(world, ann, conversation, 9, 'nine'))
  const answer = await ask(world, ann.client, say(world, 3, { conversation }, 'ten'))
  expect(answer).toMatchObject({ op: 'error', code: 'internal' })
  const history = await historyOf(world, bob, 4, conversation)
  expect(history.map(({ seq }) => seq)).toEqual([1, 2])
  await world.stop()
})
