import type { Invariant } from '../violation.ts'
import type { Draft } from './edit.ts'

/** A fault, and the invariant that must find it. */
export interface PlantedFault {
  readonly name: string
  readonly invariant: Invariant
  /** `subtle`: one in ten thousand messages is enough, and it is planted in so many too. */
  readonly size: 'plain' | 'subtle'
  readonly plant: (draft: Draft) => void
}

export const subtle = (name: string, invariant: Invariant, plant: PlantedFault['plant']): PlantedFault => ({
  name,
  invariant,
  size: 'subtle',
  plant,
})

export const plain = (name: string, invariant: Invariant, plant: PlantedFault['plant']): PlantedFault => ({
  name,
  invariant,
  size: 'plain',
  plant,
})
