import { connect, type Socket } from 'node:net'
import { waitUntil } from '@chat/testkit'

export type Message = Readonly<Record<string, unknown>>

const readBytes = 1_024
const deadlineMs = 20_000

/** A client of a JSON dialect as the stock ones are: what one read of 1,024 bytes gives is one C string with one object, or it aborts. */
export interface DialectClient {
  send(...messages: readonly Message[]): void
  /** The first message from `from` on that is like this. */
  comes(like: Message, from?: number): Promise<Message>
  /** The answer to a login. */
  logIn(id: number): Promise<Message>
  readonly messages: readonly Message[]
  /** What it was shown, without what the server told it. */
  readonly texts: () => readonly string[]
  readonly isOpen: () => boolean
  /** Why it would have aborted. */
  readonly aborts: readonly string[]
  close(): void
}

export const connectDialect = (port: number): DialectClient => {
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
  const send = (...some: readonly Message[]) => {
    socket.write(some.map((message) => `${JSON.stringify(message)}\0`).join(''))
  }
  const comes = (like: Message, from = 0) =>
    waitUntil(
      () =>
        messages.slice(from).find((message) => Object.entries(like).every(([name, value]) => message[name] === value)),
      { deadlineMs, what: `${JSON.stringify(like)} comes` },
    )
  return {
    send,
    comes,
    logIn: (id) => {
      const from = messages.length
      send({ msgid: 1, id, password: 'x' })
      return comes({ msgid: 2 }, from)
    },
    messages,
    texts: () =>
      messages.flatMap((message) => {
        const offline = ((message.offlinemsg ?? []) as string[]).map((text): Message => JSON.parse(text))
        return [...offline, message].flatMap(({ id, msg }) => (msg === undefined || id === 0 ? [] : [String(msg)]))
      }),
    isOpen: () => isOpen,
    aborts,
    close: () => void socket.destroy(),
  }
}
