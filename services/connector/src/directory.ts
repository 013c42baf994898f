import type { MessageFacts, ReadModels, UserRow } from '@chat/read-models'
import { isFault } from '@chat/runtime'
import { decodePosition, partitionOf, partitionOfConversation, partitionOfId } from '@chat/schemas'
import type { Watermark } from './watermark.ts'

/** How long a negative answer waits for the projection, ms; past it nothing is known (`unavailable`). */
const negativeWaitMs = 500
/** Users that are known to exist; the one learnt first is forgotten first. */
const knownUsersMax = 200_000

/** undefined: it does not exist, and did not when it was asked. `unavailable`: the projection is too far behind to say so. */
type Found<T> = T | undefined | 'unavailable'

/**
 * Facts about other aggregates, from the read models. Positive answers hold for ever and may be cached; a negative one counts only
 * after the projection has passed the end of the partition the thing would be in, as of the question.
 */
export interface Directory {
  user(id: number): Promise<Found<UserRow>>
  userByName(normalisedName: string): Promise<Found<UserRow>>
  groupByName(normalisedName: string): Promise<Found<string>>
  /** What the router is told of a message that somebody wants to do something to. */
  message(user: number, conversation: string, seq: number): Promise<MessageFacts | 'unavailable'>
  /** The same for an operator, who sees every message. */
  anyMessage(conversation: string, seq: number): Promise<MessageFacts | 'unavailable'>
  /** Which report a token names: what the router is told of it. */
  report(token: string): Promise<Found<Report>>
  /** Who has these normalised names: of those that are anybody's by now. */
  usersByNames(normalisedNames: readonly string[]): Promise<ReadonlyMap<string, number> | 'unavailable'>
  /** true at once when all are known to exist; else the first refusal, or true, after asking. */
  allExist(ids: readonly number[]): true | Promise<true | 'no_such_user' | 'unavailable'>
  /** Those that do not exist, in order: none at once when all are known to, else after asking. */
  missing(ids: readonly number[]): readonly number[] | Promise<readonly number[] | 'unavailable'>
}

type Report = NonNullable<Awaited<ReturnType<ReadModels['report']>>> & { readonly pos: number }

interface DirectoryPorts {
  readonly readModels: Pick<
    ReadModels,
    | 'waitFor'
    | 'userById'
    | 'userByName'
    | 'usersByNames'
    | 'existingUsers'
    | 'groupByName'
    | 'message'
    | 'anyMessage'
    | 'report'
  >
  readonly watermark: Watermark
  readonly partitions: number
}

/** Whoever waits for the answer may ask again: nothing of it is on its way to the log yet. */
const unlessAway =
  <A extends readonly unknown[], T>(ask: (...args: A) => Promise<T>) =>
  (...args: A): Promise<T | 'unavailable'> =>
    ask(...args).catch((error: unknown) => {
      if (isFault(error, 'read_models_unavailable')) return 'unavailable'
      throw error
    })

export const createDirectory = ({ readModels, watermark, partitions }: DirectoryPorts): Directory => {
  const known = new Set<number>()

  const learn = (id: number) => {
    if (known.has(id)) return
    known.add(id)
    if (known.size <= knownUsersMax) return
    for (const oldest of known) {
      known.delete(oldest)
      return
    }
  }

  const find = async <T>(ask: () => Promise<T | undefined>, partition: number): Promise<Found<T>> => {
    const first = await ask()
    if (first !== undefined) return first
    const end = await watermark.ofPartition(partition)
    const isCaughtUp = await readModels.waitFor(end, negativeWaitMs)
    return (await ask()) ?? (isCaughtUp ? undefined : 'unavailable')
  }

  const askMissing = async (ids: readonly number[]): Promise<readonly number[] | 'unavailable'> => {
    const missing = await missingOf(ids)
    if (missing.length === 0) return missing
    const concerned = new Set(missing.map((id) => partitionOfId(id, partitions)))
    const ends = (await watermark.now()).filter(({ partition }) => concerned.has(partition))
    const isCaughtUp = await readModels.waitFor(ends, negativeWaitMs)
    const still = await missingOf(missing)
    return isCaughtUp || still.length === 0 ? still : 'unavailable'
  }

  const missingOf = async (ids: readonly number[]): Promise<readonly number[]> => {
    const existing = await readModels.existingUsers(ids)
    for (const id of existing) learn(id)
    return ids.filter((id) => !existing.has(id))
  }

  const missing = (ids: readonly number[]) => {
    const unknown = ids.filter((id) => !known.has(id))
    return unknown.length === 0 ? unknown : askMissing(unknown)
  }

  const findMessage = unlessAway(async (conversation: string, ask: () => Promise<MessageFacts>) => {
    const first = await ask()
    const partition = partitionOfConversation(conversation, partitions)
    if (first.author !== null || partition === undefined) return first
    const end = await watermark.ofPartition(partition)
    const isCaughtUp = await readModels.waitFor(end, negativeWaitMs)
    const second = await ask()
    return second.author !== null || isCaughtUp ? second : 'unavailable'
  })

  return {
    user: async (id) => {
      const found = await find(() => readModels.userById(id), partitionOfId(id, partitions))
      if (found !== undefined && found !== 'unavailable') learn(id)
      return found
    },
    userByName: (name) => find(() => readModels.userByName(name), partitionOf(name, partitions)),
    groupByName: (name) => find(() => readModels.groupByName(name), partitionOf(name, partitions)),
    message: (user, conversation, seq) => findMessage(conversation, () => readModels.message(user, conversation, seq)),
    anyMessage: (conversation, seq) => findMessage(conversation, () => readModels.anyMessage(conversation, seq)),
    report: async (token) => {
      const place = decodePosition(token)
      if (place === undefined || place.partition >= partitions) return undefined
      const found = await find(() => readModels.report(place), place.partition)
      return found === undefined || found === 'unavailable' ? found : { ...found, pos: place.pos }
    },
    usersByNames: unlessAway((names: readonly string[]) => readModels.usersByNames(names)),
    allExist: (ids) => {
      const found = missing(ids)
      if (!(found instanceof Promise)) return true
      return found.then((asked) => (asked === 'unavailable' ? asked : asked.length === 0 || 'no_such_user'))
    },
    missing,
  }
}
