import { processScenarios } from './processes.ts'
import type { Scenario } from './scenario.ts'
import { linkScenarios, serverScenarios } from './servers.ts'

export type { Scenario } from './scenario.ts'

export const scenarios: readonly Scenario[] = [...processScenarios, ...serverScenarios, ...linkScenarios]

export const scenarioNamed = (name: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found === undefined) throw new Error(`there is no scenario ${name}: \`npm run faults -- list\` names all`)
  return found
}
