import { type Clock, silentLogger } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { createTestWorld, type TestWorld, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Share } from '../index.ts'
import { createCluster } from './cluster.ts'
import { openKafkaLog } from './index.ts'
import { joinShare } from './share.ts'

/** A clock whose timers stop, as those of a frozen process do, and fire together when it wakes. */
const freezable = () => {
  let isFrozen = false
  const held: (() => void)[] = []
  const clock: Clock = {
    ...systemClock,
    after: (ms, run) => systemClock.after(ms, () => (isFrozen ? held.push(run) : run())),
  }
  return {
    clock,
    freeze: () => {
      isFrozen = true
    },
    thaw: () => {
      isFrozen = false
      for (const run of held.splice(0)) run()
    },
  }
}

describe('a share on a real coordinator', () => {
  let world: TestWorld
  const closing: (() => Promise<void> | void)[] = []

  beforeAll(async () => {
    world = await createTestWorld({ slots: 1 })
    const log = await openKafkaLog({
      brokers: world.stack.kafkaBrokers,
      clientId: 'share',
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      onFatal: () => {},
    })
    await log.ensureTopics([world.topics.commands], { replicas: 1 })
    await log.close()
  })
  afterAll(async () => {
    for (const close of closing) await close()
    await world.close()
  })

  const member = async (group: string, clock: Clock = systemClock) => {
    const cluster = createCluster({ brokers: world.stack.kafkaBrokers, clientId: 'share', clock, random: systemRandom })
    const sets: number[][] = []
    const fatal: unknown[] = []
    const share: Share = await joinShare({
      topic: world.topics.commands,
      group,
      onAssigned: (partitions) => sets.push([...partitions]),
      onFatal: (error) => fatal.push(error),
      cluster,
      clock,
      random: systemRandom,
      logger: silentLogger,
    })
    closing.push(() => cluster.close())
    return { share, sets, fatal, held: () => sets.at(-1) ?? [] }
  }

  const soon = (what: string, condition: () => boolean | Promise<boolean>, deadlineMs = 15_000) =>
    waitUntil(condition, { deadlineMs, what })

  test('a frozen member is expelled, finds out when it wakes, and has nothing until the group gives it some', async () => {
    const group = `${world.prefix}frozen`
    const ice = freezable()
    const frozen = await member(group, ice.clock)
    const other = await member(group)
    await soon('both hold two', () => frozen.held().length === 2 && other.held().length === 2)
    ice.freeze()
    await soon('the other takes over', () => other.held().length === 4)
    expect(frozen.held()).toHaveLength(2)
    const setsBefore = frozen.sets.length
    const verified = frozen.share.verify()
    ice.thaw()
    await soon('the frozen one is told', () => frozen.sets.length > setsBefore)
    expect(frozen.sets[setsBefore]).toEqual([])
    expect((await verified).size).toBeLessThan(4)
    await soon('it is given some again', () => frozen.held().length === 2 && other.held().length === 2)
    expect([...frozen.fatal, ...other.fatal]).toEqual([])
    await frozen.share.leave()
    await other.share.leave()
  })

  test('who leaves is followed at once, long before its session would end', async () => {
    const group = `${world.prefix}leave`
    const [first, second] = [await member(group), await member(group)]
    await soon('both hold two', () => first.held().length === 2 && second.held().length === 2)
    const kept = first.held()
    await second.share.leave()
    await second.share.leave()
    await soon('the first has all', () => first.held().length === 4, 2500)
    expect(first.held()).toEqual(expect.arrayContaining(kept))
    expect(await first.share.verify()).toEqual(new Set(first.held()))
    await expect(second.share.verify()).rejects.toMatchObject({ code: 'log_closed' })
    await first.share.leave()
  })
})
