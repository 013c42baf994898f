import { uuidV7 } from '@chat/runtime'
import { ask, type Person } from '../memory/people.ts'
import type { World } from '../memory/world.ts'

export type Fields = Readonly<Record<string, unknown>>
/** Sends a request and waits for its answer. */
export type Asking = (person: Person, frame: Fields) => Promise<Fields>

/** Numbers the requests of everybody. */
export const createAsking = (world: World): { readonly read: Asking; readonly write: Asking } => {
  let ref = 0
  return {
    read: (person, frame) => ask(world, person.client, { ...frame, ref: ++ref }),
    write: async (person, frame) => {
      await world.clock.advance(1) // Ids of one device do not come from one millisecond.
      return ask(world, person.client, { ...frame, ref: ++ref, ...messageIdOf(frame, world) })
    },
  }
}

/** What is never written has none. */
export const messageIdOf = ({ op }: Fields, { clock, random }: World): Fields =>
  op === 'typing' ? {} : { clientMsgId: uuidV7(clock.now(), random) }
