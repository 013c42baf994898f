import type { Random } from '@chat/runtime'
import { type Credentials, orphanAgeMs, type PasswordHasher, type Proof, sweepBatchMax } from './index.ts'
import { createRecovery } from './memory-recovery.ts'
import { createSessions } from './memory-sessions.ts'

/** The twin in memory: the same contract, lost with the process. */
export const createMemoryCredentials = ({ random }: { readonly random: Random }): Credentials => {
  const { sweepOrphans, isPresent, set, ...passwords } = createStoredPasswords()
  const { forgetExpired, ...sessions } = createSessions(random)
  const { forgetCodes, ...recovery } = createRecovery({ set, endOtherSessions: sessions.endOtherSessions })
  return {
    ...passwords,
    ...sessions,
    ...recovery,
    beginProvenSession: async (session, proof) => (isPresent(proof) ? sessions.beginSession(session) : undefined),
    changePassword: async ({ userId, registrationId, oldHash, newHash, keepSession }, now) => {
      if (!isPresent({ registrationId, passwordHash: oldHash })) return undefined
      set({ registrationId, passwordHash: newHash }, now)
      return sessions.endOtherSessions(userId, keepSession, now)
    },
    sweep: (now, registered) => {
      forgetExpired(now - orphanAgeMs)
      forgetCodes(now)
      return sweepOrphans(now - orphanAgeMs, registered)
    },
    close: async () => {},
  }
}

type PasswordMethods = Pick<Credentials, 'insertCredential' | 'passwordHash' | 'areOfDialects'>
interface StoredPasswords extends PasswordMethods {
  readonly sweepOrphans: Credentials['sweep']
  readonly isPresent: (proof: Proof) => boolean
  /** Also where there was none. */
  readonly set: (proof: Proof, now: number) => void
}

const createStoredPasswords = (): StoredPasswords => {
  const credentials = new Map<
    string,
    { readonly hash: string; readonly createdAt: number; readonly dialect?: string | undefined }
  >()
  return {
    isPresent: ({ registrationId, passwordHash }) => credentials.get(registrationId)?.hash === passwordHash,
    set: ({ registrationId, passwordHash: hash }, now) => {
      credentials.set(registrationId, { createdAt: now, ...credentials.get(registrationId), hash })
    },
    insertCredential: async (registrationId, hash, createdAt, dialect) =>
      void credentials.set(registrationId, { hash, createdAt, dialect }),
    areOfDialects: async (ids) => ids.every((id) => credentials.get(id)?.dialect !== undefined),
    passwordHash: async (registrationId) => credentials.get(registrationId)?.hash,
    sweepOrphans: async (until, registered) => {
      const old = [...credentials].filter(([, kept]) => kept.createdAt <= until).map(([id]) => id)
      let count = 0
      for (let from = 0; from < old.length; from += sweepBatchMax) {
        const batch = old.slice(from, from + sweepBatchMax)
        const known = await registered(batch)
        for (const id of batch) if (!known.has(id) && credentials.delete(id)) count++
      }
      return count
    },
  }
}

export { createMemoryImportLedger } from './memory-import-ledger.ts'

/** The twin of argon2: no work, no secrecy. For tests and simulations only. */
export const createPlainHasher = (): PasswordHasher => ({
  hash: async (password) => `plain:${password}`,
  verify: async (hash, password) => hash === `plain:${password}`,
})
