import { parseArgs } from 'node:util'
import { startTally } from './ledger.ts'
import { type Mode, modeOf } from './modes.ts'
import { plantsByName } from './planted/plants.ts'
import { simulate } from './simulate.ts'

const usage = `npm run simulate -- [--seeds N] [--from SEED] [--mode safety|liveness] [--plant NAME] [--stop-at-first] [--ledger]
npm run simulate -- --seed SEED [--mode …] [--trace]`

const readOptions = () => {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '500' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      mode: { type: 'string' },
      plant: { type: 'string' },
      trace: { type: 'boolean', default: false },
      'stop-at-first': { type: 'boolean', default: false },
      ledger: { type: 'boolean', default: false },
    },
  })
  const { seed, mode, plant } = values
  if (mode !== undefined && mode !== 'safety' && mode !== 'liveness') throw new Error(`there is no mode ${mode}`)
  if (plant !== undefined && plantsByName[plant] === undefined)
    throw new Error(`there is no plant ${plant}: they are ${Object.keys(plantsByName).join(' ')}`)
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
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${text} is no seed and no count`)
  return number
}

const violationsShown = 10

const run = async (): Promise<number> => {
  const { from, count, mode, plant, isTraced, stopsAtFirst, isKept } = readOptions()
  const plants = plant === undefined ? undefined : plantsByName[plant]
  const beganMs = performance.now()
  const red: number[] = []
  const tally = isKept ? startTally() : undefined
  let done = 0
  for (let seed = from; seed < from + count; seed++) {
    const result = await simulate({
      ...{ seed, mode: mode ?? modeOf(seed) },
      ...(plants === undefined ? {} : { plants }),
      ...(isTraced ? { onTrace: (line: string) => console.log(line) } : {}),
    })
    done++
    tally?.add(result.history)
    if (result.violations.length === 0) continue
    red.push(seed)
    console.log(
      `seed ${seed} is red (${result.mode}, ${result.weather}${result.isSkewed ? ', skewed clocks' : ''}, ${result.violations.length} violations):`,
    )
    for (const violation of result.violations.slice(0, violationsShown)) console.log(`  ${violation}`)
    const planted = plant === undefined ? '' : ` --plant ${plant}`
    console.log(`  replay: npm run simulate -- --seed ${seed} --mode ${result.mode}${planted} --trace`)
    if (stopsAtFirst) break
  }
  const minutes = (performance.now() - beganMs) / 60_000
  console.log(`${done} seeds, ${red.length} red, ${Math.round(done / minutes)} seeds a minute`)
  tally?.write({ from, seeds: done, red })
  return red.length === 0 ? 0 : 1
}

try {
  process.exitCode = await run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  console.error(usage)
  process.exitCode = 2
}
