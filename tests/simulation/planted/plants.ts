import type { EventLog } from '@chat/event-log'
import type { Presence } from '@chat/presence'
import type { Projection } from '@chat/read-models'
import type { Host } from '../host.ts'

/** The ports of a process that something can be planted in. */
export interface PlantedPorts {
  readonly log: EventLog
  readonly presence: Presence
  readonly projection: Projection
}

/** What is done to the ports of each kind of process: a fault of its protocol, as far as that can be told through its ports. */
export type Plants = Readonly<Record<Host['kind'], (ports: PlantedPorts) => PlantedPorts>>

export const noPlants: Plants = {
  router: (ports) => ports,
  projector: (ports) => ports,
  connector: (ports) => ports,
}
