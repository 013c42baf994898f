import type { Attempts } from '@chat/attempts'
import type { Answer, Api, DialectApi } from '../ports.ts'
import type { AccountsOptions, AccountsPorts } from './accounts-ports.ts'
import { gateway } from './gateway.ts'
import { createLogIn } from './log-in.ts'
import { createLogInOpen } from './log-in-open.ts'
import { createOwnAccount, type OwnAccount } from './own-account.ts'
import { createOwnExport } from './own-export.ts'
import { register } from './register.ts'
import { createResetPassword } from './reset-password.ts'
import { authenticate, endSession, refresh } from './sessions.ts'

/** The part of `Api` that is about accounts and sessions, and what requests of somebody logged in need. */
export interface Accounts
  extends Pick<
    Api,
    'register' | 'logIn' | 'refresh' | 'resetPassword' | 'endSession' | 'exportOwn' | 'gateway' | 'authenticate'
  > {
  readonly own: OwnAccount
  /** The same as `register` for people of an older protocol: any password will do. */
  readonly registerBy: (dialect: string, body: unknown, remoteAddress: string) => Promise<Answer>
  readonly logInOpen: DialectApi['logInOpen']
}

/**
 * Registers people, begins and ends their sessions, and says where to connect. Every refusal and every failure of the world
 * is an `Answer`; a rejected promise is a bug.
 */
export const createAccounts = (ports: AccountsPorts, options: AccountsOptions): Accounts => {
  const attempts = options.limits === 'off' ? unlimited : ports.attempts
  const logIn = createLogIn(ports, options, attempts)
  return {
    register: async (body, remoteAddress) =>
      ports.rateLimiter.register(remoteAddress) ?? register(ports, attempts, body, remoteAddress),
    registerBy: async (dialect, body, remoteAddress) =>
      ports.rateLimiter.register(remoteAddress) ?? register(ports, attempts, body, remoteAddress, dialect),
    logInOpen: createLogInOpen(ports, options, 'action'),
    logIn: async (body, remoteAddress) => ports.rateLimiter.logIn(remoteAddress) ?? logIn(body, remoteAddress),
    refresh: (body) => refresh(ports, options, body),
    resetPassword: createResetPassword(ports, attempts),
    endSession: (identity) => endSession(ports, identity),
    exportOwn: createOwnExport(ports),
    gateway: () => gateway(ports, options),
    own: createOwnAccount(ports, attempts),
    authenticate: async (accessToken) => authenticate(ports, accessToken),
  }
}

const unlimited: Attempts = {
  begin: async () => undefined,
  forgive: async () => {},
  failed: async () => {},
  close: async () => {},
}

/** `http://host/` → `ws://host/v1/socket`, `https:` → `wss:`. A path in front of the connector is kept. */
export const socketUrlOf = (publicUrl: string): string => {
  const url = new URL(publicUrl)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/socket`
  return url.href
}
