import { waitUntil } from '@chat/testkit'
import { WebSocket } from 'ws'
import { loginMaxMs } from './dialect-client.ts'

type Data = Readonly<Record<string, unknown>>

const deadlineMs = 20_000

/** A client of the dialect `action` as the stock one is: it asks the gateway where to connect, and knows no way back. */
export interface ActionClient {
  say(action: string, data: Data): void
  /** The first frame of this kind from `from` on that is like this. */
  comes(action: string, like: Data, from?: number): Promise<Data>
  /** Logs in, again and again while that is not possible now; empty: the connection closed before it was answered. */
  logIn(username: string): Promise<Data>
  heard(action: string): readonly Data[]
  /** The chats that it was shown, without what the server told it. */
  readonly chats: () => readonly Data[]
  readonly texts: () => readonly string[]
  readonly isOpen: () => boolean
  close(): void
}

export interface Node {
  readonly host: string
  readonly port: number
}

/** What the gateway on this port says. */
export const askGateway = async (port: number, path = '/server'): Promise<unknown> =>
  (await fetch(`http://127.0.0.1:${port}${path}`)).json()

export const connectAction = ({ host, port }: Node): ActionClient => {
  const ws = new WebSocket(`ws://${host}:${port}`)
  const frames: { readonly id: number; readonly action: string; readonly data: Data }[] = []
  const waiting: string[] = []
  ws.on('error', () => {}) // `close` follows.
  ws.on('open', () => {
    for (const frame of waiting.splice(0)) ws.send(frame)
  })
  ws.on('message', (message) => void frames.push(JSON.parse(String(message))))
  const say = (action: string, data: Data) => {
    const frame = JSON.stringify({ id: Date.now() * 1_000, action, data })
    if (ws.readyState === ws.CONNECTING) waiting.push(frame)
    else ws.send(frame)
  }
  const heard = (action: string) => frames.filter((frame) => frame.action === action).map(({ data }) => data)
  const comes = (action: string, like: Data, from = 0) =>
    waitUntil(
      () =>
        heard(action)
          .slice(from)
          .find((data) => Object.entries(like).every(([name, value]) => data[name] === value)),
      { deadlineMs, what: `${action} ${JSON.stringify(like)} comes` },
    )
  const chats = () => heard('chat').filter(({ from }) => from !== 'server')
  return {
    ...{ say, comes, heard },
    logIn: async (username) => {
      for (;;) {
        const [logins, errors] = [heard('login').length, heard('error').length]
        say('login', { username })
        const isAnswered = () => heard('login').length > logins || heard('error').length > errors
        await waitUntil(() => isAnswered() || ws.readyState === ws.CLOSED, {
          ...{ deadlineMs: loginMaxMs, what: `${username} is answered` },
        })
        if (!isAnswered()) return {}
        const [login] = heard('login').slice(logins)
        if (login !== undefined) return login
        if (heard('error').at(-1)?.code !== 503) throw new Error(`refused: ${heard('error').at(-1)?.message}`)
      }
    },
    chats,
    texts: () => chats().map(({ message }) => String(message)),
    isOpen: () => ws.readyState === ws.OPEN,
    close: () => ws.terminate(),
  }
}
