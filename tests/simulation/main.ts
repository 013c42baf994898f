import { exitCodeOf, flag, parseOptions, usageFault } from '@chat/runtime'
import { batchSeedsMax, type SeedOutcome, simulateBatch } from './batch.ts'
import { openLedger } from './ledger.ts'
import type { Mode } from './modes.ts'
import { plantsByName } from './planted/plants.ts'

const usage = `npm run simulate -- [--seeds N] [--from SEED] [--mode safety|liveness] [--plant NAME] [--stop-at-first] [--ledger]
npm run simulate -- --seed SEED [--mode …] [--trace]`

const options = {
  seeds: { type: 'string', default: '500' },
  from: { type: 'string', default: '1' },
  seed: { type: 'string' },
  mode: { type: 'string' },
  plant: { type: 'string' },
  trace: flag,
  'stop-at-first': flag,
  ledger: flag,
} as const

const readOptions = () => {
  const values = parseOptions(process.argv.slice(2), options, usage)
  const { seed, mode, plant } = values
  if (mode !== undefined && mode !== 'safety' && mode !== 'liveness')
    throw usageFault(`there is no mode ${mode}`, usage)
  if (plant !== undefined && plantsByName[plant] === undefined)
    throw usageFault(`there is no plant ${plant}: they are ${Object.keys(plantsByName).join(' ')}`, usage)
  const from = numberOf(seed ?? values.from)
  return {
    ...{ from, mode: mode as Mode | undefined, plant },
    count: seed === undefined ? numberOf(values.seeds) : 1,
    isTraced: values.trace,
    stopsAtFirst: values['stop-at-first'],
    // A planted fault says nothing of the code.
    isKept: values.ledger && plant === undefined,
  }
}

const numberOf = (text: string): number => {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 0) throw usageFault(`${text} is no seed and no count`, usage)
  return number
}

const violationsShown = 10

const print = ({ seed, mode, weather, isSkewed, violations }: SeedOutcome, plant: string | undefined) => {
  console.log(
    `seed ${seed} is red (${mode}, ${weather}${isSkewed ? ', skewed clocks' : ''}, ${violations.length} violations):`,
  )
  for (const violation of violations.slice(0, violationsShown)) console.log(`  ${violation}`)
  const planted = plant === undefined ? '' : ` --plant ${plant}`
  console.log(`  replay: npm run simulate -- --seed ${seed} --mode ${mode}${planted} --trace`)
}

const run = async (): Promise<number> => {
  const { from, count, mode, plant, isTraced, stopsAtFirst, isKept } = readOptions()
  const beganMs = performance.now()
  const ledger = isKept ? openLedger() : undefined
  const red: number[] = []
  let [seeds, faults, accepted] = [0, 0, 0]
  const isOver = () => stopsAtFirst && red.length > 0
  const take = (outcome: SeedOutcome): 'goOn' | 'stop' => {
    if (isOver()) return 'stop' // Sent before the thread heard that it is over.
    seeds++
    faults += outcome.faults
    accepted += outcome.accepted
    if (outcome.violations.length === 0) return 'goOn'
    red.push(outcome.seed)
    print(outcome, plant)
    return isOver() ? 'stop' : 'goOn'
  }
  for (let done = 0; done < count && !isOver(); done += batchSeedsMax)
    await simulateBatch(
      { from: from + done, count: Math.min(batchSeedsMax, count - done), mode, plant, isTraced },
      take,
    )
  const minutes = (performance.now() - beganMs) / 60_000
  console.log(`${seeds} seeds, ${red.length} red, ${Math.round(seeds / minutes)} seeds a minute`)
  ledger?.add({ from, seeds, faults, accepted, red })
  return red.length === 0 ? 0 : 1
}

process.exitCode = await exitCodeOf(run())
