import { systemClock as clock } from '@chat/runtime/system'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Arena, openArena } from './arena/arena.ts'
import { type Evidence, openEvidence } from './runs/evidence.ts'
import { recoveryRow, verdictLine } from './runs/report.ts'
import { scenarios } from './scenarios/index.ts'

const short = scenarios.filter(({ isShort }) => isShort)
const perSecond = 120
/** Far above three budgets: the scenario itself says when it took too long. */
const scenarioTimeoutMs = 180_000

let arena: Arena
let evidence: Evidence
let isOver = false

beforeAll(async () => {
  evidence = openEvidence('short', { scenarios: short.map(({ name }) => name), brokers: 1 })
  arena = await openArena({ clock, label: 'short scenarios', perSecond, historyPath: evidence.historyPath })
}, 120_000)

afterAll(async () => {
  if (isOver) evidence.discard()
  else evidence?.keep(arena?.site, 'a short scenario failed')
  await arena?.close()
}, 60_000)

test('twelve scenarios are short', () => {
  expect(short).toHaveLength(12)
})

test.each(short)(
  '$name: $what; back to normal in time',
  async (scenario) => {
    for (const recovery of await scenario.run(arena)) process.stdout.write(`${recoveryRow(recovery)}\n`)
  },
  scenarioTimeoutMs,
)

test('after all of them nothing is lost, doubled, reordered or from nowhere', async () => {
  const verdict = await arena.finish()
  process.stdout.write(`${verdictLine(verdict)}\n`)
  expect(verdict.violations).toEqual([])
  expect([...verdict.refused]).toEqual([])
  expect(verdict.accepted).toBeGreaterThan(1_000)
  expect([...verdict.fed]).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I8', 'I9', 'I10', 'I11'])
  isOver = true
}, 300_000)
