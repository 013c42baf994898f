import { testSeeds } from '@chat/testkit'
import { expect, test } from 'vitest'
import { check, fedInvariants } from './index.ts'
import { createCleanHistory } from './story/clean-history.ts'

const seedsCount = 250

test('hundreds of clean histories pass, with cuts, resends, refusals, leavers, probes and unanswered sends in them', async () => {
  const seen = new Map<string, number>()
  const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1)
  for (const seed of testSeeds(seedsCount)) {
    const history = await createCleanHistory({ seed, messages: 60, users: 6, groups: 3, pageEventsMax: 5 })
    expect(await check(history), `seed ${seed}`).toEqual([])
    expect(fedInvariants(history).size).toBe(12)
    const answered = new Set<string>()
    for (const line of history) {
      count(line.what === 'invoked' ? line.op : line.what)
      if (line.what !== 'answered') continue
      answered.add(line.device + line.ref)
      count(line.isDuplicate ? 'duplicate' : (line.code ?? 'ok'))
    }
    for (const line of history)
      if (line.what === 'invoked' && line.op === 'send' && !answered.has(line.device + line.ref)) count('unanswered')
  }
  if (seen.get('started') !== seedsCount) return // One seed alone, to replay a failure, need not have everything.
  const kinds = [
    'closed',
    'duplicate',
    'not_member',
    'unanswered',
    'group.join',
    'group.leave',
    'read',
    'probed',
    'paged',
  ]
  for (const kind of kinds) expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(seedsCount / 10)
}, 180_000)
