import { ChatError, type Client, createClient } from '@chat/sdk'
import type { PresenceOf } from '../command.ts'
import { Exit, exitCode, loggedOut } from '../exit.ts'
import type { Http } from '../session/http.ts'
import { liveStorage, renewingFetch } from '../session/session.ts'
import type { SavedLogin, SessionFile } from '../session/session-file.ts'
import type { Surroundings } from '../surroundings.ts'
import { safeLine } from '../text/safe-text.ts'

/** What a connected client stands on. */
interface Ground {
  readonly surroundings: Surroundings
  readonly file: SessionFile
  readonly url: string
  http(url: string): Http
  login(): Promise<SavedLogin>
}

/** Longest wait for an answer of a command that needs a connection, ms. */
const connectTimeoutMs = 15_000

/**
 * A client with a connection of its own, a device beside all others of the user; `connect` and `close` are the caller's. Throws Exit
 * when nobody is logged in.
 */
export const createLiveClient = async (ground: Ground, onFault?: (error: unknown) => void): Promise<Client> => {
  const { surroundings, file, url } = ground
  const { clock, random, fetchJson, errors } = surroundings
  const login = await ground.login()
  const client = createClient({
    ...{ url, clock, random },
    fetchJson: renewingFetch(fetchJson, login, { file, http: ground.http(url), clock }),
    storage: liveStorage(file, uuidV4(random.bytes(16))),
    onFault: onFault ?? ((error) => errors.write(`${safeLine(String(error))}\n`)),
  })
  await client.resume()
  return client
}

/** Who of them is online. Only a connection is told, so one is opened for it. Throws Exit. */
export const presenceOver = async (ground: Ground, users: readonly number[]): Promise<readonly PresenceOf[]> => {
  const client = await createLiveClient(ground)
  try {
    await connected(client, ground)
    return (await client.request('presence.watch', { users })).users
  } catch (error) {
    throw exitOf(error)
  } finally {
    await client.close()
  }
}

/** Resolves when it is connected, whatever else it still reads. Throws Exit when that is not within 15 s. */
const connected = (client: Client, { surroundings: { clock, stopped } }: Ground): Promise<void> =>
  new Promise((resolve, reject) => {
    const settle = (then: () => void) => {
      cancel()
      off()
      stopped.removeEventListener('abort', interrupted)
      then()
    }
    const interrupted = () => settle(() => reject(new Exit(exitCode.interrupted, 'interrupted', 'interrupted')))
    const tooLate = () => new Exit(exitCode.unreachable, 'unreachable', 'no connection within 15 s')
    const cancel = clock.after(connectTimeoutMs, () => settle(() => reject(tooLate())))
    const off = client.on('state', (state) => {
      if (state.status === 'connected') settle(resolve)
      if (state.status === 'closed') settle(() => reject(closedExit(client)))
    })
    stopped.addEventListener('abort', interrupted)
    // What it says is told by its state.
    client.connect().catch(() => {})
  })

/** Why a client will not connect any more. */
export const closedExit = ({ state }: Client): Exit => {
  const reason = state.status === 'closed' ? state.reason : state.status
  if (reason === 'sessionEnded') return loggedOut('the session has ended: chat login NAME')
  return new Exit(exitCode.refused, reason, `the connection was closed: ${reason}`)
}

/** A refusal of the SDK in the words of this program. What is neither is handed on. */
export const exitOf = (error: unknown): unknown => {
  if (!(error instanceof ChatError)) return error
  const { code, message, retryAfterMs } = error
  if (code === 'unauthorized') return loggedOut()
  const status = code === 'disconnected' ? exitCode.unreachable : exitCode.refused
  return new Exit(status, code, message, retryAfterMs)
}

export const uuidV4 = (random: Uint8Array): string => {
  const bytes = Buffer.from(random)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
