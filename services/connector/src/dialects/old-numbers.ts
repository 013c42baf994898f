import { type AliasKind, aliasesAskedMax, type ReadModels } from '@chat/read-models'
import { type Clock, forgetOldest, isFault } from '@chat/runtime'
import type { DialectApi } from '../ports.ts'

/** An old number is for ever, so it is kept; of each kind so many, the one learnt first is forgotten first. */
const keptMax = 100_000
/** That something has no old number is believed for so long, ms: an import may be under way. */
const missBelievedMs = 5_000

/**
 * What the clients of one older protocol call users and groups: who was imported from their server by his old number there, everybody else by his id.
 * Inside the connector are ids only. A number becomes an id where a client says it: at the login (line.ts), in what is asked for (acts.ts), in what `unit`
 * looks up (unit/session.ts). An id becomes a number where it is shown: in lists (account-view.ts) and in what comes (Stay.numberOf, shown-event.ts).
 */
export interface Numbers {
  idOf(kind: AliasKind, number: number): ReturnType<DialectApi['idOf']>
  numbersOf(kind: AliasKind, ids: readonly number[]): ReturnType<DialectApi['numbersOf']>
}

/** Those of one dialect. */
export const numbersIn = (dialect: string, api: Pick<DialectApi, 'idOf' | 'numbersOf'>): Numbers => ({
  idOf: (kind, number) => api.idOf(dialect, kind, number),
  numbersOf: (kind, ids) => api.numbersOf(dialect, kind, ids),
})

interface OldNumbersPorts {
  readonly readModels: Pick<ReadModels, 'idsOfOld' | 'oldIdsOf'>
  readonly clock: Clock
}

/** Of all dialects; what was learnt is kept for all connections. */
export const createOldNumbers = ({ readModels, clock }: OldNumbersPorts): Pick<DialectApi, 'idOf' | 'numbersOf'> => {
  const lookUps = new Map<string, { readonly ids: LookUp; readonly numbers: LookUp }>()
  const lookUpsOf = (dialect: string, kind: AliasKind) => {
    const known = lookUps.get(`${dialect} ${kind}`) ?? {
      ids: createLookUp((numbers) => readModels.idsOfOld(dialect, kind, numbers), clock),
      numbers: createLookUp((ids) => readModels.oldIdsOf(dialect, kind, ids), clock),
    }
    lookUps.set(`${dialect} ${kind}`, known)
    return known
  }
  return {
    idOf: async (dialect, kind, number) => (await lookUpsOf(dialect, kind).ids([number]))?.(number),
    numbersOf: (dialect, kind, ids) => lookUpsOf(dialect, kind).numbers(ids),
  }
}

/** What is there of these; absent: nothing. Throws Fault. */
type Ask = (keys: readonly number[]) => Promise<ReadonlyMap<number, number>>

/** Resolves with what stands for each key: what was found for it, else itself. undefined: nobody can tell now. */
type LookUp = (keys: readonly number[]) => Promise<((key: number) => number) | undefined>

const createLookUp = (ask: Ask, clock: Clock): LookUp => {
  const found = new Map<number, number>()
  const missedAtMs = new Map<number, number>()
  const askTogether = together(ask)

  const isMissed = (key: number): boolean => clock.monotonic() - (missedAtMs.get(key) ?? -Infinity) < missBelievedMs

  const learn = (keys: readonly number[], answer: ReadonlyMap<number, number>): void => {
    for (const key of keys) {
      const value = answer.get(key)
      missedAtMs.delete(key)
      if (value === undefined) keep(missedAtMs, key, clock.monotonic())
      else keep(found, key, value)
    }
  }

  const askFor: Ask = async (keys) => {
    const answer = await askTogether(keys).catch((error: unknown) => {
      // Who had no old number when it could be told has none as long as it cannot: people who know each other go on writing.
      if (isFault(error) && keys.every((key) => missedAtMs.has(key))) return new Map<number, number>()
      throw error
    })
    learn(keys, answer)
    return answer
  }

  return async (keys) => {
    const told = new Map<number, number>()
    const open: number[] = []
    for (const key of new Set(keys)) {
      const value = found.get(key)
      if (value !== undefined) told.set(key, value)
      else if (!isMissed(key)) open.push(key)
    }
    try {
      // One part after the other: what others ask comes between them.
      for (let at = 0; at < open.length; at += aliasesAskedMax)
        for (const [key, value] of await askFor(open.slice(at, at + aliasesAskedMax))) told.set(key, value)
    } catch (error) {
      if (!isFault(error)) throw error
      return undefined
    }
    return (key) => told.get(key) ?? key
  }
}

const keep = (map: Map<number, number>, key: number, value: number): void => {
  map.set(key, value)
  forgetOldest(map, keptMax)
}

/** One query at a time: what is asked while it is under way is asked by the next one, whoever asks. */
const together = (ask: Ask): Ask => {
  let underWay: Promise<unknown> = Promise.resolve()
  let next: { readonly keys: Set<number>; readonly answer: ReturnType<Ask> } | undefined
  const begin = () => {
    const keys = new Set<number>()
    const answer = underWay.then(() => {
      if (next?.keys === keys) next = undefined
      return ask([...keys])
    })
    // Those who asked hear of a failure; the next ones are asked for all the same.
    underWay = answer.catch(() => {})
    return { keys, answer }
  }
  return (keys) => {
    if (next === undefined || next.keys.size + keys.length > aliasesAskedMax) next = begin()
    for (const key of keys) next.keys.add(key)
    return next.answer
  }
}
