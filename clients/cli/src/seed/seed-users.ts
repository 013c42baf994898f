import { type Clock, createMessageIds } from '@chat/sdk'
import { Exit, exitCode } from '../exit.ts'
import { type Asking, createHttpAsking } from '../session/asking.ts'
import type { Http } from '../session/http.ts'
import type { SavedSession } from '../session/session-file.ts'
import type { Surroundings } from '../surroundings.ts'

/** One of the made users, logged in. */
export interface SeedUser {
  readonly id: number
  readonly asking: Asking
}

interface Ports {
  readonly http: Http
  readonly surroundings: Surroundings
  readonly password: string
}

/** A token that ends sooner than this is not used any more, ms. */
const renewBeforeMs = 60_000

/** Registers him unless he is there, and logs in. Throws Exit: also when he is there with another password. */
export const seedUser = async (name: string, { http, surroundings, password }: Ports): Promise<SeedUser> => {
  const { clock, random } = surroundings
  await register(name, password, http)
  const logIn = async () =>
    (await http.call('/v1/sessions', { method: 'POST', body: { name, password } }, true).catch((error: unknown) => {
      throw isRefusal(error, 'bad_credentials')
        ? new Exit(exitCode.refused, 'bad_credentials', `${name} is there with another password: say it by --password`)
        : error
    })) as SavedSession
  const session = await logIn()
  return {
    id: session.user.id,
    asking: createHttpAsking({
      http,
      session: sessionOf(session, logIn, clock),
      nextId: createMessageIds(clock, random),
    }),
  }
}

const register = async (name: string, password: string, http: Http): Promise<void> => {
  try {
    await http.call('/v1/users', { method: 'POST', body: { name, password } }, true)
  } catch (error) {
    if (!isRefusal(error, 'name_taken')) throw error
  }
}

/** It is not kept: whoever has the password can log in again. */
const sessionOf = (first: SavedSession, logIn: () => Promise<SavedSession>, clock: Clock) => {
  let current = Promise.resolve(first)
  return {
    accessToken: async (refused?: string): Promise<string> => {
      const { accessToken, accessExpiresAt } = await current
      if (accessToken !== refused && Date.parse(accessExpiresAt) - clock.now() > renewBeforeMs) return accessToken
      current = logIn()
      return (await current).accessToken
    },
  }
}

export const isRefusal = (error: unknown, code: string): boolean => error instanceof Exit && error.code === code
