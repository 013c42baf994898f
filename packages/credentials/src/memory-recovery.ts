import type { Credentials, Proof, ResetCode } from './index.ts'

interface Surroundings {
  /** Sets a password, also where there was none. */
  readonly set: (proof: Proof, now: number) => void
  readonly endOtherSessions: Credentials['endOtherSessions']
}

type RecoveryMethods = Pick<
  Credentials,
  'putResetCodes' | 'hasResetCode' | 'resetPassword' | 'agreeExternalName' | 'beginExport' | 'forgetExport'
>

/** Reset codes and agreed names of the twin in memory. */
export const createRecovery = ({
  set,
  endOtherSessions,
}: Surroundings): RecoveryMethods & { readonly forgetCodes: (until: number) => void } => {
  const codes = new Map<string, ResetCode>()
  const exports = new Map<number, number>()
  const names = new Map<string, string>()
  const has = (registrationId: string, codeHash: string, now: number): boolean => {
    const code = codes.get(registrationId)
    return code?.codeHash === codeHash && code.expiresAt > now
  }
  return {
    putResetCodes: async (put) => {
      for (const code of put) codes.set(code.registrationId, code)
    },
    hasResetCode: async (registrationId, codeHash, now) => has(registrationId, codeHash, now),
    resetPassword: async ({ userId, registrationId, codeHash, newHash }, now) => {
      if (!has(registrationId, codeHash, now)) return undefined
      codes.delete(registrationId)
      set({ registrationId, passwordHash: newHash }, now)
      return endOtherSessions(userId, '', now)
    },
    beginExport: async (userId, now, everyMs) => {
      const last = exports.get(userId)
      if (last !== undefined && last > now - everyMs) return last + everyMs - now
      exports.set(userId, now)
      return 0
    },
    forgetExport: async (userId, startedAt) => {
      if (exports.get(userId) === startedAt) exports.delete(userId)
    },
    agreeExternalName: async (registrationId, name) => {
      if (!names.has(registrationId)) names.set(registrationId, name)
      return names.get(registrationId) ?? name
    },
    forgetCodes: (until) => {
      for (const [id, { expiresAt }] of codes) if (expiresAt <= until) codes.delete(id)
    },
  }
}
