export { type ImportLedger, type LedgerEntry, ledgerBatchMax } from './import-ledger.ts'
export { newResetCode, resetCodeHash } from './reset-code.ts'

/** Schema `auth`: what is never in the log. Everything here is keyed by random ids that the log repeats. */

export interface Session {
  readonly id: string
  readonly userId: number
  readonly device: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** A session as its user sees it. */
export interface SessionView extends Session {
  /** When it was last seen at work, to a minute. */
  readonly lastUsedAt: number
}

/** Of a list that goes on behind this one. */
export type SessionPlace = Pick<Session, 'createdAt' | 'id'>

/** What somebody was let in by. */
export interface Proof {
  readonly registrationId: string
  readonly passwordHash: string
}

/** Another password for an account, by somebody who showed the old one. */
export interface PasswordChange {
  readonly userId: number
  readonly registrationId: string
  /** Must still be the present one. */
  readonly oldHash: string
  readonly newHash: string
  /** The session that lives on. */
  readonly keepSession: string
}

/** Lets whoever has it set the password of an account anew, once. */
export interface ResetCode {
  readonly registrationId: string
  /** Of the code; see reset-code.ts. */
  readonly codeHash: string
  readonly expiresAt: number
}

/** Another password for an account, by somebody who has its reset code. */
export interface PasswordReset {
  readonly userId: number
  readonly registrationId: string
  readonly codeHash: string
  readonly newHash: string
}

/** The outcome of presenting a refresh token. */
export type Refreshed =
  | { readonly outcome: 'refreshed'; readonly session: Session; readonly refreshToken: string }
  /** Unknown, expired, or of an ended session. */
  | { readonly outcome: 'refused' }
  /** A spent token came back after its grace: somebody copied it. The session was ended. */
  | { readonly outcome: 'replayed'; readonly session: Session }

/** A credential whose registration made no user within this, ms, never will: commands on the log are refused after minutes. */
export const orphanAgeMs = 24 * 60 * 60_000
/** Registrations that `sweep` asks for at once. */
export const sweepBatchMax = 500

/**
 * Credentials, sessions and revocations. All times: ms since the epoch, from the caller's clock.
 * Every method throws Fault `credentials_unavailable` when the store cannot be reached in time.
 */
export interface Credentials {
  /** Keeps a password hash under a registration that is about to be put on the log, in the place of one that came to nothing before. `dialect`: the older protocol that it came by. */
  insertCredential(registrationId: string, passwordHash: string, now: number, dialect?: string): Promise<void>
  /** Whether all of these came by an older protocol, whichever. */
  areOfDialects(registrationIds: readonly string[]): Promise<boolean>
  /** undefined: there is none. */
  passwordHash(registrationId: string): Promise<string | undefined>
  /**
   * Changes the password and ends the user's other sessions, both or nothing: resolves with those that ended. undefined: the old hash is
   * not the present one.
   */
  changePassword(change: PasswordChange, now: number): Promise<readonly string[] | undefined>
  /** Each in the place of an earlier one of its account. One statement: some hundreds at a time. */
  putResetCodes(codes: readonly ResetCode[]): Promise<void>
  hasResetCode(registrationId: string, codeHash: string, now: number): Promise<boolean>
  /**
   * Takes the code, sets the password, also where there is none, and ends all of the user's sessions, all or nothing: resolves with those
   * that ended. undefined: there is no such code any more.
   */
  resetPassword(reset: PasswordReset, now: number): Promise<readonly string[] | undefined>
  /** Notes that the user's own data is given out now, or says how long he must wait for that, ms. 0: he need not. */
  beginExport(userId: number, now: number, everyMs: number): Promise<number>
  /** The one that began at `startedAt` came to nothing. */
  forgetExport(userId: number, startedAt: number): Promise<void>
  /** The name that was proposed first for this registration. */
  agreeExternalName(registrationId: string, name: string): Promise<string>
  /** Begins a session; the refresh token is returned once and kept as a hash only. */
  beginSession(session: Session): Promise<{ readonly refreshToken: string }>
  /** The same; undefined, and no session, when the proof is no longer the password: no session by an old one outlives its change. */
  beginProvenSession(session: Session, proof: Proof): Promise<{ readonly refreshToken: string } | undefined>
  /**
   * Exchanges a refresh token for its successor. Until the successor is used, at most `graceMs` after the first exchange, the old one
   * gives the same successor again.
   */
  refresh(refreshToken: string, now: number, graceMs: number): Promise<Refreshed>
  /** undefined: unknown, ended or expired. */
  session(id: string, now: number): Promise<Session | undefined>
  /** The user's sessions that live now, the newest first, those behind `after`, at most `limit`. */
  sessionsOf(
    userId: number,
    now: number,
    after: SessionPlace | undefined,
    limit: number,
  ): Promise<readonly SessionView[]>
  /** They were at work at `now`. Later times stay. */
  touchSessions(ids: readonly string[], now: number): Promise<void>
  /** When each of these users was last seen at work, ms, to a minute; who has no session is absent. Ended ones count for a day. */
  lastSeen(userIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  /** Idempotent. */
  endSession(id: string, now: number): Promise<void>
  /** Ends all of the user's sessions but one; resolves with those that ended. */
  endOtherSessions(userId: number, keepSession: string, now: number): Promise<readonly string[]>
  /** Sessions ended at or after `since`, with the time up to which the answer is complete. Poll with that time. */
  endedSince(since: number): Promise<{ readonly sessions: readonly string[]; readonly until: number }>
  /** Sessions that expired after `after` and at or before `until`, and had not ended before. */
  expiredBetween(after: number, until: number): Promise<readonly string[]>
  /**
   * Deletes what nobody can use any more: credentials older than `orphanAgeMs` that `registered` does not know, and sessions that
   * expired that long ago; reset codes as soon as they expired. `registered` gets at most `sweepBatchMax` registration ids, more than once, and answers which of them
   * have a user; it must not answer from a view that is older than the oldest of them. Resolves with how many credentials went.
   */
  sweep(now: number, registered: (ids: readonly string[]) => Promise<ReadonlySet<string>>): Promise<number>
  close(): Promise<void>
}

/**
 * Stands in the place of a password's hash where there is no password: of the form of every other one, so that checking one takes the time that it always takes, and none
 * is known to fit.
 */
export const noPassword = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** Slow by intent. Bounded: throws Fault `overloaded` when more than its queue waits. */
export interface PasswordHasher {
  hash(password: string): Promise<string>
  verify(hash: string, password: string): Promise<boolean>
}
