import { usageFault } from '@chat/runtime'
import { awayScenarios } from './away.ts'
import { damageScenarios } from './damage.ts'
import { processScenarios } from './processes.ts'
import { resourceScenarios } from './resources.ts'
import type { Scenario } from './scenario.ts'
import { linkScenarios, serverScenarios } from './servers.ts'

export type { Scenario } from './scenario.ts'

export const scenarios: readonly Scenario[] = [
  ...processScenarios,
  ...serverScenarios,
  ...linkScenarios,
  ...awayScenarios,
  ...damageScenarios,
  ...resourceScenarios,
]

export const scenarioNamed = (name: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found === undefined) throw usageFault(`there is no scenario ${name}`, 'npm run faults -- list names all')
  return found
}
