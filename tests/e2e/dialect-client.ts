import { connect, type Socket } from 'node:net'
import { waitUntil } from '@chat/testkit'

export type Message = Readonly<Record<string, unknown>>

const readBytes = 1_024
const deadlineMs = 20_000
/** Hundreds who log in at once wait for each other's password hashes. */
export const loginMaxMs = 90_000

/** A client of a JSON dialect as the stock ones are: what one read of 1,024 bytes gives is one C string with one object, or it aborts. */
export interface DialectClient {
  send(...messages: readonly Message[]): void
  /** Exactly this, and a NUL. */
  sendText(text: string): void
  /** The first message from `from` on that is like this. */
  comes(like: Message, from?: number): Promise<Message>
  /** The answer to a login; empty: the connection closed before it. */
  logIn(id: number): Promise<Message>
  readonly messages: readonly Message[]
  /** The chats that it was shown, missed or not, without what the server told it. */
  readonly chats: () => readonly Message[]
  readonly texts: () => readonly string[]
  readonly isOpen: () => boolean
  /** Why it would have aborted. */
  readonly aborts: readonly string[]
  close(): void
}

/** `sleepMs`: it reads nothing for so long once it has asked to be let in. */
export const connectDialect = (port: number, { sleepMs = 0 } = {}): DialectClient => {
  const messages: Message[] = []
  const aborts: string[] = []
  let isOpen = true
  const take = (bytes: Buffer) => {
    const end = bytes.indexOf(0)
    const text = bytes.subarray(0, end === -1 ? undefined : end).toString('utf8')
    try {
      messages.push(JSON.parse(text))
    } catch {
      aborts.push(`${bytes.length} bytes: ${text.slice(0, 80)}`)
    }
  }
  const onread = {
    buffer: Buffer.alloc(readBytes),
    callback: (count: number, buffer: Uint8Array) => {
      take(Buffer.from(buffer.subarray(0, count)))
      return true
    },
  }
  const socket: Socket = connect({ host: '127.0.0.1', port, onread })
  socket.on('error', () => {}) // `close` follows.
  socket.on('close', () => {
    isOpen = false
  })
  const sendText = (text: string) => void socket.write(`${text}\0`)
  const send = (...some: readonly Message[]) => {
    if (some.length > 0) sendText(some.map((message) => JSON.stringify(message)).join('\0'))
  }
  const isLike = (message: Message, like: Message) =>
    Object.entries(like).every(([name, value]) => message[name] === value)
  const comes = (like: Message, from = 0) =>
    waitUntil(() => messages.slice(from).find((message) => isLike(message, like)), {
      deadlineMs,
      what: `${JSON.stringify(like)} comes`,
    })
  const chats = () =>
    messages.flatMap((message) => {
      const offline = ((message.offlinemsg ?? []) as string[]).map((text): Message => JSON.parse(text))
      return [...offline, message].filter(({ id, msg }) => msg !== undefined && id !== 0)
    })
  return {
    send,
    sendText,
    comes,
    logIn: (id) => {
      const from = messages.length
      send({ msgid: 1, id, password: 'x' })
      sleepFor(socket, sleepMs)
      const answer = () => messages.slice(from).find((message) => isLike(message, { msgid: 2 }))
      return waitUntil(() => answer() ?? (!isOpen && {}), {
        deadlineMs: loginMaxMs,
        what: `the login of ${id} is answered`,
      })
    },
    messages,
    chats,
    texts: () => chats().map(({ msg }) => String(msg)),
    isOpen: () => isOpen,
    aborts,
    close: () => void socket.destroy(),
  }
}

/** What comes meanwhile waits in the kernel. */
export const sleepFor = (socket: Socket, ms: number): void => {
  if (ms === 0) return
  socket.pause()
  setTimeout(() => socket.resume(), ms)
}
