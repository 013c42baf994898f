import type { Clock, Random } from '@chat/runtime'
import type { Device } from './client/device.ts'

export interface Group {
  readonly conversation: string
  readonly owner: number
}

export interface Surroundings {
  readonly random: Random
  /** Those that were created, in the order in which that became known. */
  readonly groups: Group[]
  readonly devices: readonly Device[]
  readonly clock: Clock
}

export const pick = <T>(items: readonly T[], random: Random): T | undefined =>
  items[Math.floor(random.fraction() * items.length)]
