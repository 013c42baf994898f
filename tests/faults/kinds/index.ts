import type { FaultKind } from './fault-kind.ts'
import { linkFaults } from './links.ts'
import { processFaults } from './processes.ts'
import { serverFaults } from './servers.ts'

export type { FaultKind, Heal, Targets } from './fault-kind.ts'

export const faultKinds: readonly FaultKind[] = [...processFaults, ...serverFaults, ...linkFaults]

export const faultKind = (name: string): FaultKind => {
  const found = faultKinds.find((kind) => kind.name === name)
  if (found === undefined) throw new Error(`there is no fault ${name}`)
  return found
}
