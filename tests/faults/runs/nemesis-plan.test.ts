import { expect, test } from 'vitest'
import { faultKind, faultKinds, type Targets } from '../kinds/index.ts'
import { planRounds, type Round } from './nemesis-plan.ts'

const targets: Targets = {
  brokers: ['kafka-1', 'kafka-2', 'kafka-3'],
  seatsOf: (kind) => [{ name: `${kind}-1` }, { name: `${kind}-2` }],
}

const rounds = (seed: number, count: number): readonly Round[] => {
  const plan = planRounds(seed, faultKinds, targets)
  return Array.from({ length: count }, () => plan.next().value)
}

test('a seed plans the same again, another one something else', () => {
  expect(rounds(7, 50)).toEqual(rounds(7, 50))
  expect(rounds(8, 50)).not.toEqual(rounds(7, 50))
})

test('every kind of fault comes, on each of its targets, for as long as it may last', () => {
  const hits = rounds(1, 4_000).flatMap((round) => round.hits)
  for (const kind of faultKinds) {
    const ofKind = hits.filter(({ fault }) => fault === kind.name)
    expect(new Set(ofKind.map(({ target }) => target))).toEqual(new Set(kind.targets(targets)))
    for (const { forMs } of ofKind) {
      expect(forMs).toBeGreaterThanOrEqual(kind.lastsMs[0])
      expect(forMs).toBeLessThanOrEqual(kind.lastsMs[1])
    }
  }
})

test('two at once are of two parts', () => {
  const pairs = rounds(3, 500).filter(({ hits }) => hits.length === 2)
  expect(pairs.length).toBeGreaterThan(150)
  for (const { hits } of pairs) expect(new Set(hits.map(({ fault }) => faultKind(fault).part)).size).toBe(2)
})
