import { systemClock as clock } from '@chat/runtime/system'
import { testSeeds } from '@chat/testkit'
import { expect, test } from 'vitest'
import { runNemesis } from './runs/run-nemesis.ts'

const minutes = 3
const faultsMin = 20
/** What is offered; while something is away it is held back. */
const perSecond = 320

/** One seed; `CHAT_TEST_SEED` names another. */
const [seed = 0] = testSeeds(1)

test(`${minutes} minutes of faults, at least ${faultsMin}, as seed ${seed} chooses: nothing is lost, doubled, reordered or from nowhere`, async () => {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  const { failure, faults, verdict } = await runNemesis({
    clock,
    say,
    seed,
    brokers: 1,
    minutes,
    faultsMin,
    perSecond,
  })
  expect(failure).toBeUndefined()
  expect(faults).toBeGreaterThanOrEqual(faultsMin)
  expect(verdict?.accepted).toBeGreaterThan(5_000)
}, 900_000)
