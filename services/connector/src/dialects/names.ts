import { forgetOldest } from '@chat/runtime'
import type { Line } from './line.ts'

/** Names that are kept; the one learnt first is forgotten first. A name is for ever. */
const namesMax = 100_000

/** The names of users, which these clients show beside what somebody wrote. */
export interface Names {
  note(id: number, name: string): void
  /** Asked over this line when it is not known. undefined: it cannot be told. */
  of(id: number, line: Line): Promise<string | undefined>
}

export const createNames = (): Names => {
  const known = new Map<number, string>()
  const note = (id: number, name: string) => {
    known.set(id, name)
    forgetOldest(known, namesMax)
  }
  return {
    note,
    of: async (id, line) => {
      const name = known.get(id)
      if (name !== undefined) return name
      const answer = await line.ask('user', { id })
      if (answer.op === 'error') return undefined
      const { user } = answer as unknown as { user: { readonly name: string } }
      note(id, user.name)
      return user.name
    },
  }
}
