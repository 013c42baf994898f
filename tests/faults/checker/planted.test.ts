import { createSeededRandom } from '@chat/testkit'
import { beforeAll, describe, expect, test } from 'vitest'
import type { HistoryEvent } from '../history.ts'
import { check } from './index.ts'
import { createCleanHistory } from './story/clean-history.ts'
import { createDraft, recount } from './story/edit.ts'
import type { PlantedFault } from './story/planted.ts'
import { plantedOnClients } from './story/planted-on-clients.ts'
import { plantedOnServers } from './story/planted-on-servers.ts'

const planted = [...plantedOnClients, ...plantedOnServers]

const invariantsBroken = async (clean: readonly HistoryEvent[], { plant }: PlantedFault, seed: number) => {
  const draft = createDraft(clean, createSeededRandom(seed).fraction)
  plant(draft)
  const violations = await check(recount(draft.lines))
  return [...new Set(violations.map(({ invariant }) => invariant))]
}

describe('planted in a small history', () => {
  let clean: readonly HistoryEvent[]

  beforeAll(async () => {
    clean = await createCleanHistory({ seed: 7, messages: 400, users: 8, groups: 4, pageEventsMax: 7 })
    expect(await check(clean)).toEqual([])
  })

  test.for(planted)('$invariant finds: $name', async (fault) => {
    for (const seed of [1, 2, 3]) expect(await invariantsBroken(clean, fault, seed)).toContain(fault.invariant)
  })
})

describe('planted once in 10,000 messages', () => {
  let clean: readonly HistoryEvent[]

  beforeAll(async () => {
    clean = await createCleanHistory({ seed: 11, messages: 10_000, users: 7, groups: 5, pageEventsMax: 50 })
    expect(await check(clean)).toEqual([])
  }, 180_000)

  const subtle = planted.filter(({ size }) => size === 'subtle')
  test.for(subtle)('$invariant finds: $name', { timeout: 180_000 }, async (fault) => {
    expect(await invariantsBroken(clean, fault, 1)).toContain(fault.invariant)
  })
})
