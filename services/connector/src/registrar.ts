import type { Lease, Presence } from '@chat/presence'
import { Fault, isFault, type Logger } from '@chat/runtime'
import type { PresenceNews } from './presence-news.ts'
import type { PresenceTime } from './presence-time.ts'

/** Users named in one call to presence. */
const usersPerCallMax = 1000

/** Tells presence who is connected here: in batches, one call at a time, so that coming and going keep their order. */
export interface Registrar {
  /**
   * Resolves once everybody who looks the user up under the present lease finds him here, with the number of that registration:
   * greater than that of any hello before, on whatever connector. While routers say that presence is away, and so deliver to everybody, it
   * resolves without: with the number that presence would give, by its time as it is known here. Throws Fault.
   */
  register(user: number): Promise<number>
  /** The user's last connection went. Without effect if he is back by the time presence is told. */
  unregister(user: number): void
  /** Somebody was let in while presence was away, and all were not registered since. */
  hasUnregistered(): boolean
  /**
   * Resolves once what is told to the members of these groups comes here. While routers say that presence is away, and so deliver to
   * everybody, it resolves without. Throws Fault.
   */
  registerGroups(conversations: readonly string[]): Promise<void>
  unregisterGroups(conversations: readonly string[]): void
  /** Everybody and all groups again: after a new lease or a new generation, and every few minutes. Throws Fault. */
  registerAll(users: readonly number[], conversations: readonly string[]): Promise<void>
}

interface RegistrarPorts {
  readonly presence: Presence
  readonly logger: Logger
  readonly lease: () => Lease | undefined
  readonly isConnected: (user: number) => boolean
  readonly time: PresenceTime
  readonly news: PresenceNews
  /** No use in asking presence now. */
  readonly isPresenceAway: () => boolean
  readonly onFatal: (error: unknown) => void
}

interface Waiting {
  readonly resolve: (order: number) => void
  readonly reject: (error: unknown) => void
}

export const createRegistrar = (ports: RegistrarPorts): Registrar => {
  const { presence, logger, lease, isConnected, time, news, isPresenceAway, onFatal } = ports
  let coming = new Map<number, Waiting[]>()
  let going = new Set<number>()
  let isRunning = false
  let hasUnregistered = false
  /** What was told of groups: one call after the other, so that coming and going keep their order. */
  let groupsTold: Promise<void> = Promise.resolve()

  const present = (): Lease => {
    const held = lease()
    if (held === undefined) throw new Fault('unavailable', 'no lease of a delivery slot')
    return held
  }

  /** The last call's number: it is greater than those of the calls before it. */
  const registerAll = async (users: readonly number[]): Promise<number> => {
    let order = 0
    for (let i = 0; i < users.length; i += usersPerCallMax)
      order = await presence.register(present(), users.slice(i, i + usersPerCallMax), time.now())
    if (users.length > 0) time.heard(order)
    return order
  }

  const tellComing = async (batch: ReadonlyMap<number, readonly Waiting[]>) => {
    const waiting = [...batch.values()].flat()
    const letIn = () => {
      hasUnregistered = true
      for (const { resolve } of waiting) resolve(time.now())
    }
    if (isPresenceAway()) return letIn()
    try {
      const order = await registerAll([...batch.keys()])
      for (const { resolve } of waiting) resolve(order)
    } catch (error) {
      // Without a lease replies do not arrive, and without the news nobody's pushes do.
      if (isFault(error) && news.isFresh() && lease() !== undefined) return letIn()
      for (const { reject } of waiting) reject(error)
    }
  }

  /** An entry that is left behind costs a delivery to nobody and ends with the lease. */
  const tellGoing = async (batch: ReadonlySet<number>) => {
    const gone = [...batch].filter((user) => !isConnected(user))
    const held = lease()
    if (gone.length === 0 || held === undefined || isPresenceAway()) return
    for (let i = 0; i < gone.length; i += usersPerCallMax)
      await presence.unregister(held, gone.slice(i, i + usersPerCallMax)).catch((error) => {
        if (!isFault(error)) throw error
        logger.debug({ err: error }, 'users not unregistered')
      })
  }

  /** Says that it has ended in the same step in which it found nothing left: who comes a moment later starts it again. */
  const run = async () => {
    isRunning = true
    try {
      while (coming.size > 0 || going.size > 0) {
        const batch = { coming, going }
        coming = new Map()
        going = new Set()
        if (batch.coming.size > 0) await tellComing(batch.coming)
        if (batch.going.size > 0) await tellGoing(batch.going)
      }
    } finally {
      isRunning = false
    }
  }

  const registerGroups = async (conversations: readonly string[]): Promise<void> => {
    if (isPresenceAway()) {
      hasUnregistered = true
      return
    }
    try {
      await presence.registerGroups(present(), conversations)
    } catch (error) {
      // As with users: without a lease or the news nothing would come here.
      if (!isFault(error) || !news.isFresh() || lease() === undefined) throw error
      hasUnregistered = true
    }
  }

  /** An entry that is left behind costs deliveries that go to nobody, and ends with the lease. */
  const unregisterGroups = async (conversations: readonly string[]): Promise<void> => {
    const held = lease()
    if (held === undefined || isPresenceAway()) return
    await presence.unregisterGroups(held, conversations).catch((error) => {
      if (!isFault(error)) throw error
      logger.debug({ err: error }, 'groups not unregistered')
    })
  }

  const afterOthers = (tell: () => Promise<void>): Promise<void> => {
    const told = groupsTold.then(tell)
    groupsTold = told.catch(() => {}) // Whoever asked for it hears of it; the next is not concerned.
    return told
  }

  const wake = () => {
    if (!isRunning) run().catch(onFatal)
  }

  return {
    register: (user) =>
      new Promise((resolve, reject) => {
        const waiting = coming.get(user)
        if (waiting === undefined) coming.set(user, [{ resolve, reject }])
        else waiting.push({ resolve, reject })
        going.delete(user)
        wake()
      }),
    unregister: (user) => {
      going.add(user)
      wake()
    },
    registerGroups: (conversations) => afterOthers(() => registerGroups(conversations)),
    unregisterGroups: (conversations) => void afterOthers(() => unregisterGroups(conversations)).catch(onFatal),
    hasUnregistered: () => hasUnregistered,
    registerAll: async (users, conversations) => {
      const had = hasUnregistered
      hasUnregistered = false
      try {
        await registerAll(users)
        await afterOthers(() => presence.registerGroups(present(), conversations))
      } catch (error) {
        hasUnregistered ||= had
        throw error
      }
    },
  }
}
