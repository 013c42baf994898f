import type { Claim, Claimed, ClaimSpace, Holder, Lease, Presence, Winner } from '@chat/presence'
import { Fault, isFault, type Logger } from '@chat/runtime'
import type { Evict } from './kicks.ts'

/** How many devices of one user may be connected: any number, the first only, or the newest only. */
export type LoginPolicy = 'many' | 'refuse' | 'replace'

/** A connection that logs in. */
export interface LoginClaim extends Claim {
  /** Its user may have no other connection of this kind, whatever the policy. */
  readonly isExclusive: boolean
}

/** Claims in one call to presence. */
const claimsPerCallMax = 1_000
/** Connections that went and devices that were put out, of which presence or their connector is to be told yet. Beyond it claims end by themselves. */
const untoldMax = 100_000

/**
 * Keeps the policy of logins. It belongs to connections, not to tokens: whoever closes his last connection locks nobody out. It is decided
 * in presence at once for all connectors, and again after presence was lost, by the times of login as they were.
 */
export interface Logins {
  /**
   * Whether the connection may live. Throws Fault when presence cannot say so, under the strict policies. `order` is that of its registration.
   */
  claim(claim: LoginClaim): Promise<Claimed['outcome']>
  /** The connection went. Told until presence has heard it. */
  release(claim: Pick<LoginClaim, 'user' | 'connection' | 'isExclusive'>): void
  /** All again, under the present lease; resolves with those that lost. Throws Fault. */
  claimAll(claims: readonly LoginClaim[]): Promise<readonly Claim[]>
  /** Once a second: what could not be told yet is told again. */
  tick(): void
  /** A forecast for a login by this device; the decision falls at `hello`. */
  isRefused(user: number, device: string | undefined): Promise<boolean>
}

interface LoginsPorts {
  readonly presence: Pick<Presence, 'claim' | 'unclaim' | 'holder'>
  readonly logger: Logger
  readonly lease: () => Lease | undefined
  readonly isPresenceAway: () => boolean
  readonly evict: Evict
  readonly onFatal: (error: unknown) => void
}

/** The policy for all, and beside it, whatever it is, the older protocols by which a user is connected once at most. */
export const createLogins = (policy: LoginPolicy, ports: LoginsPorts): Logins => {
  const all = policy === 'many' ? anyNumber : createStrict(policy, 'devices', ports)
  const exclusive = createStrict('refuse', 'dialects', ports)
  return {
    claim: async (claim) => {
      if (claim.isExclusive && (await exclusive.claim(claim)) === 'refused') return 'refused'
      return all.claim(claim)
    },
    release: (claim) => {
      if (claim.isExclusive) exclusive.release(claim)
      all.release(claim)
    },
    claimAll: async (claims) => [
      ...(await exclusive.claimAll(claims.filter(({ isExclusive }) => isExclusive))),
      ...(await all.claimAll(claims)),
    ],
    tick: () => {
      exclusive.tick()
      all.tick()
    },
    isRefused: all.isRefused,
  }
}

const anyNumber: Logins = {
  claim: async () => 'held',
  release: () => {},
  claimAll: async () => [],
  tick: () => {},
  isRefused: async () => false,
}

const createStrict = (policy: 'refuse' | 'replace', space: ClaimSpace, ports: LoginsPorts): Logins => {
  const { presence, logger, lease, isPresenceAway, evict, onFatal } = ports
  const winner: Winner = policy === 'refuse' ? 'earlier' : 'later'
  /** By connection. */
  const gone = new Map<string, Pick<Claim, 'user' | 'connection'>>()
  const evicted = new Map<string, Holder>()
  let isTelling = false

  const present = (): Lease => {
    const held = lease()
    if (held === undefined || isPresenceAway()) throw new Fault('presence_unavailable', 'presence cannot be asked')
    return held
  }

  const claimSome = async (claims: readonly Claim[]): Promise<readonly Claimed[]> => {
    const answers = await presence.claim(present(), claims, winner, space)
    for (const answer of answers)
      if (answer.outcome === 'held' && answer.evicted !== undefined) remember(evicted, answer.evicted)
    tell()
    return answers
  }

  const tellOnce = async () => {
    const leaving = [...gone.values()].slice(0, claimsPerCallMax)
    if (leaving.length > 0 && lease() !== undefined && !isPresenceAway()) {
      await presence.unclaim(leaving, space)
      for (const { connection } of leaving) gone.delete(connection)
    }
    for (const holder of [...evicted.values()].slice(0, claimsPerCallMax)) {
      await evict(holder)
      evicted.delete(holder.connection)
    }
  }

  const tell = () => {
    if (isTelling || (gone.size === 0 && evicted.size === 0)) return
    isTelling = true
    const before = gone.size + evicted.size
    tellOnce()
      .then(() => gone.size + evicted.size < before)
      .catch((error) => {
        if (!isFault(error)) return onFatal(error)
        logger.debug({ err: error }, 'a change of logins not told yet')
        return false
      })
      .then((hasMoved) => {
        isTelling = false
        if (hasMoved === true) tell()
      })
  }

  return {
    claim: async (claim) => {
      const [answer] = await claimSome([claim])
      return answer?.outcome ?? 'refused'
    },
    release: (claim) => {
      remember(gone, claim)
      tell()
    },
    claimAll: async (claims) => {
      const lost: Claim[] = []
      for (let i = 0; i < claims.length; i += claimsPerCallMax) {
        const some = claims.slice(i, i + claimsPerCallMax)
        const answers = await claimSome(some)
        lost.push(...some.filter((_, index) => answers[index]?.outcome === 'refused'))
      }
      return lost
    },
    tick: tell,
    isRefused: async (user, device) => {
      if (policy === 'replace') return false
      try {
        const holder = await presence.holder(user, space)
        return holder !== undefined && holder.device !== device
      } catch (error) {
        if (isFault(error)) return false // Only a forecast.
        throw error
      }
    },
  }
}

const remember = <T extends { readonly connection: string }>(untold: Map<string, T>, what: T): void => {
  if (untold.size < untoldMax) untold.set(what.connection, what)
}
