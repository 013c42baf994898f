import { connect } from 'node:net'
import { waitUntil } from '@chat/testkit'
import { bytesOf, type Fields, fieldAt, request, textOf } from '../memory/protobuf-wire.ts'
import { loginMaxMs, sleepFor } from './dialect-client.ts'

const readBytes = 1_024
const deadlineMs = 20_000

/** A client of `envelope` as the stock one is: what one read of 1,024 bytes gives is one C string with one message, or it aborts. */
export interface EnvelopeClient {
  send(type: string, fields: Fields): void
  /** Exactly these bytes. */
  sendRaw(bytes: Buffer): void
  /** The message in the answer to a request; empty: the connection closed before it. */
  asks(type: string, fields: Fields, answer: string): Promise<string>
  /** The messages in all answers of a type. */
  readonly outcomes: (answer: string) => readonly string[]
  /** The chats that it was shown, missed or not, without what the server told it. */
  readonly chats: () => readonly EnvelopeChat[]
  readonly texts: () => readonly string[]
  readonly aborts: readonly string[]
  readonly isOpen: () => boolean
  close(): void
}

interface EnvelopeChat {
  readonly from: string
  readonly to: string
  readonly text: string
}

interface Answer {
  readonly type: string
  readonly message: Buffer
}

const open = (port: number, take: (bytes: Buffer) => void) => {
  let isOpen = true
  const onread = {
    buffer: Buffer.alloc(readBytes),
    callback: (count: number, buffer: Uint8Array) => {
      take(Buffer.from(buffer.subarray(0, count)))
      return true
    },
  }
  const socket = connect({ host: '127.0.0.1', port, onread })
  socket.on('error', () => {}) // `close` follows.
  socket.on('close', () => {
    isOpen = false
  })
  return { socket, isOpen: () => isOpen }
}

/** `sleepMs`: it reads nothing for so long once it has asked to be let in. */
export const connectEnvelope = (port: number, { sleepMs = 0 } = {}): EnvelopeClient => {
  const answers: Answer[] = []
  const aborts: string[] = []
  const { socket, isOpen } = open(port, (bytes) => {
    const end = bytes.indexOf(0)
    const payload = bytes.subarray(0, end === -1 ? undefined : end)
    try {
      answers.push({ type: textOf(payload, 1), message: bytesOf(payload, 2)[0] ?? Buffer.alloc(0) })
    } catch {
      aborts.push(`${bytes.length} bytes: ${bytes.toString('hex', 0, 80)}`)
    }
  })
  const outcomes = (answer: string) =>
    answers.flatMap(({ type, message }) => (type === answer ? [textOf(message, 2)] : []))
  const sendRaw = (bytes: Buffer) => void socket.write(bytes)
  const send = (type: string, fields: Fields) => {
    sendRaw(Buffer.concat([request(type, fields), Buffer.alloc(1)]))
    if (type === 'Login') sleepFor(socket, sleepMs)
  }
  const chats = () =>
    answers
      .flatMap(({ type, message }) => {
        if (type === 'RecvChatMessage') return [message]
        return type === 'ReadOffline' ? bytesOf(message, 2) : []
      })
      .map((chat) => ({ from: textOf(chat, 1), to: textOf(chat, 2), text: textOf(chat, 3) }))
      .filter(({ from }) => from !== 'server')
  return {
    send,
    sendRaw,
    asks: async (type, fields, answer) => {
      const from = outcomes(answer).length
      send(type, fields)
      await waitUntil(() => outcomes(answer).length > from || !isOpen(), {
        ...{ deadlineMs: type === 'Login' ? loginMaxMs : deadlineMs, what: `${answer} comes` },
      })
      return outcomes(answer)[from] ?? ''
    },
    outcomes,
    chats,
    texts: () => chats().map(({ text }) => text),
    aborts,
    isOpen,
    close: () => void socket.destroy(),
  }
}

/** A client of `unit`: it waits for one answer before it asks again, and takes what has a type in front of it for a push. */
export interface UnitClient {
  send(type: string, fields: Fields): void
  /** Exactly these bytes. */
  sendRaw(bytes: Buffer): void
  /** The bare answer; empty: the connection closed before it. */
  asks(type: string, fields: Fields): Promise<Buffer>
  asksRaw(bytes: Buffer): Promise<Buffer>
  /** Asks for what was missed until there is no more. */
  missed(self: number): Promise<readonly string[]>
  /** What was pushed to it. */
  readonly texts: () => readonly string[]
  readonly isOpen: () => boolean
  close(): void
}

const pushTypes = ['ChatMsg', 'LoginOut']

export const connectUnit = (port: number): UnitClient => {
  /** Of the answer, its whole fields. */
  let answer: Buffer[] = []
  let held = Buffer.alloc(0)
  const pushed: Buffer[] = []
  const takeOne = (): boolean => {
    const field = fieldAt(held, 0)
    if (field === undefined) return false
    const isPush = field.number === 1 && pushTypes.includes(String(field.value))
    const body = isPush ? fieldAt(held, field.endAt) : undefined
    if (isPush && body === undefined) return false
    if (Buffer.isBuffer(body?.value)) pushed.push(Buffer.from(body.value))
    else answer.push(Buffer.from(held.subarray(0, field.endAt)))
    held = held.subarray(body?.endAt ?? field.endAt)
    return true
  }
  const { socket, isOpen } = open(port, (bytes) => {
    held = Buffer.concat([held, bytes])
    try {
      while (held.length > 0 && takeOne());
    } catch {
      // A failure in words.
      answer.push(held)
      held = Buffer.alloc(0)
    }
  })
  const sendRaw = (bytes: Buffer) => void socket.write(bytes)
  const send = (type: string, fields: Fields) => sendRaw(request(type, fields))
  const answered = async (what: string, isWhole: () => boolean) => {
    await waitUntil(() => isWhole() || !isOpen(), { deadlineMs: loginMaxMs, what: `${what} is answered` })
    return Buffer.concat(answer)
  }
  const asksRaw = (bytes: Buffer) => {
    answer = []
    sendRaw(bytes)
    return answered(bytes.toString('latin1'), () => answer.length > 0)
  }
  return {
    send,
    sendRaw,
    asks: (type, fields) => asksRaw(request(type, fields)),
    asksRaw,
    missed: async (self) => {
      const all: string[] = []
      for (;;) {
        answer = []
        send('ReadOfflineMsg', [[1, self]])
        // Answers come in order: the name in this one, the only field of its number, ends the list, which has no end of its own.
        send('GetUserInfo', [[1, self]])
        const list = await answered('ReadOfflineMsg', () => answer.at(-1)?.[0] === 0x12)
        const some = bytesOf(list, 1).map((bytes) => bytes.toString('utf8'))
        if (some.length === 0 || (some.length === 1 && some[0] === '')) return all
        all.push(...some)
      }
    },
    texts: () => pushed.map((bytes) => bytes.toString('utf8')),
    isOpen,
    close: () => void socket.destroy(),
  }
}
