import { systemRandom } from '@chat/runtime/system'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { createOpenLoad, goodputOf, type OpenLoad, offerUpToPeak } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** `npm run test:long` asks for what a CI machine has no time for: the two minutes of `npm run bench -- overload`. */
const isLong = process.env.CHAT_TEST_LONG === '1'
const stepSeconds = isLong ? 8 : 2
const overloadSeconds = isLong ? 120 : 6
/** Enough of them that few stand at their limit of unanswered writes, behind which a refusal waits as long as everything else. */
const usersCount = isLong ? 400 : 160
const firstRate = 500
/** Up to the first step that did no more than one before. */
const peakSearch = { firstRate, stepFactor: 2, stepSeconds, stepsMax: 7, fruitlessStepsMax: 1 }
const factor = 3
const settleMaxMs = 60_000
/** Of a short peak beside everything else that a CI machine does; `docs/performance.md` has the real one. */
const goodputShareMin = 0.5

let system: System
let load: OpenLoad

beforeAll(async () => {
  system = await startSystem({ connectors: 2, routers: 1, projectors: 1 })
  const urls = system.connectors.map((connector) => connector.url)
  const accounts = await registerAccounts(urls, usersCount)
  load = await createOpenLoad({ urls, accounts, pairs: usersCount ** 2, textBytes: 200, random: systemRandom })
})

afterAll(async () => {
  load?.close()
  await system?.stop()
})

const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

test(`offered ${factor} times what it can do, the system does what it can and refuses the rest at once, nothing lost, doubled or reordered`, async () => {
  await load.run(firstRate, stepSeconds) // Code is compiled, caches fill.
  const peak = Math.max(...(await offerUpToPeak(load, peakSearch)).map(goodputOf))
  const overload = await load.run(peak * factor, overloadSeconds)
  const verdict = await load.settle(peak, settleMaxMs)
  const [accepted, refused] = [medianOf(overload.acceptedAnswerMs), medianOf(overload.refusedAnswerMs)]
  process.stdout.write(
    `peak ${Math.round(peak)}/s, goodput ${Math.round(goodputOf(overload))}/s, medians ms: accepted ${Math.round(accepted)}, refused ${Math.round(refused)}; the load itself was late ${Math.round(medianOf(overload.lateMs))}\n`,
  )
  expect(overload.refusedMs.length, 'writes that were refused').toBeGreaterThan(overload.acceptedMs.length / 10)
  expect(refused, 'how long a refusal takes beside an acceptance').toBeLessThan(accepted)
  expect(goodputOf(overload) / peak, 'goodput under overload').toBeGreaterThan(goodputShareMin)
  expect(verdict).toMatchObject({ unanswered: 0, lost: 0, doubled: 0, reordered: 0, closes: [], refusedForGood: {} })
  expect(verdict.acknowledged).toBe(verdict.messages)
}, 600_000)
