import { Fault } from '@chat/runtime'
import type { Source } from './index.ts'

/** The stored offset is not where a batch began: somebody else projected, or a rebuild switched. [G8] */
export const overtaken = (source: Source, partition: number, from: number): Fault =>
  new Fault('projection_overtaken', `${source} of partition ${partition} do not stand at ${from}`)
