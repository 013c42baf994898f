import { parentPort, workerData } from 'node:worker_threads'
import type { HistoryEvent } from '../faults/history.ts'
import type { Batch, SeedOutcome } from './batch.ts'
import { modeOf } from './modes.ts'
import { plantsByName } from './planted/plants.ts'
import { simulate } from './simulate.ts'

const isFault = (line: HistoryEvent) => line.what === 'faultBegun'
const isAccepted = (line: HistoryEvent) =>
  line.what === 'answered' && line.outcome === 'ok' && line.position !== null && !line.isDuplicate

const { from, count, mode, plant, isTraced } = workerData as Batch
const plants = plant === undefined ? undefined : plantsByName[plant]
for (let seed = from; seed < from + count; seed++) {
  const { history, weather, isSkewed, violations, ...simulated } = await simulate({
    ...{ seed, mode: mode ?? modeOf(seed) },
    ...(plants === undefined ? {} : { plants }),
    ...(isTraced ? { onTrace: (line: string) => console.log(line) } : {}),
  })
  const outcome: SeedOutcome = {
    ...{ seed, mode: simulated.mode, weather, isSkewed, violations },
    faults: history.filter(isFault).length,
    accepted: history.filter(isAccepted).length,
  }
  parentPort?.postMessage(outcome)
}
