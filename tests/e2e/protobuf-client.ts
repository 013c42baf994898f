import { connect } from 'node:net'
import { waitUntil } from '@chat/testkit'
import { bytesOf, decode, type Fields, request, textOf } from '../memory/protobuf-wire.ts'

const readBytes = 1_024
const deadlineMs = 20_000

/** A client of `envelope` as the stock one is: what one read of 1,024 bytes gives is one C string with one message, or it aborts. */
export interface EnvelopeClient {
  send(type: string, fields: Fields): void
  /** The outcome of a request: `[is_success, message]` as `{1, 2}`. */
  asks(type: string, fields: Fields, answer: string): Promise<string>
  readonly texts: () => readonly string[]
  readonly aborts: readonly string[]
  readonly isOpen: () => boolean
  close(): void
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

export const connectEnvelope = (port: number): EnvelopeClient => {
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
  const heard = (type: string) => answers.filter((answer) => answer.type === type)
  const send = (type: string, fields: Fields) => {
    socket.write(Buffer.concat([request(type, fields), Buffer.alloc(1)]))
  }
  return {
    send,
    asks: async (type, fields, answer) => {
      const from = heard(answer).length
      send(type, fields)
      await waitUntil(() => heard(answer).length > from, { deadlineMs, what: `${answer} comes` })
      return textOf(heard(answer)[from]?.message ?? Buffer.alloc(0), 2)
    },
    texts: () =>
      answers.flatMap(({ type, message }) => {
        if (type === 'RecvChatMessage') return [textOf(message, 3)]
        return type === 'ReadOffline' ? bytesOf(message, 2).map((chat) => textOf(chat, 3)) : []
      }),
    aborts,
    isOpen,
    close: () => void socket.destroy(),
  }
}

/** A client of `unit`: it waits for one answer before it asks again, and takes what has a type in front of it for a push. */
export interface UnitClient {
  send(type: string, fields: Fields): void
  /** The bare answer. */
  asks(type: string, fields: Fields): Promise<Buffer>
  readonly texts: () => readonly string[]
  close(): void
}

const pushHead = Buffer.from('\x0a\x07ChatMsg')

export const connectUnit = (port: number): UnitClient => {
  let answer = Buffer.alloc(0)
  let held = Buffer.alloc(0)
  const pushed: Buffer[] = []
  const { socket } = open(port, (bytes) => {
    held = Buffer.concat([held, bytes])
    // A push ends where its second field does; everything before one is of an answer.
    for (;;) {
      const at = held.indexOf(pushHead)
      if (at === -1) break
      answer = Buffer.concat([answer, held.subarray(0, at)])
      const fields = wholeFields(held.subarray(at))
      if (fields === undefined) {
        held = held.subarray(at)
        return
      }
      pushed.push(fields.body)
      held = held.subarray(at + fields.length)
    }
    answer = Buffer.concat([answer, held])
    held = Buffer.alloc(0)
  })
  const send = (type: string, fields: Fields) => void socket.write(request(type, fields))
  return {
    send,
    asks: async (type, fields) => {
      answer = Buffer.alloc(0)
      send(type, fields)
      await waitUntil(() => isWhole(answer), { deadlineMs, what: `${type} is answered` })
      return answer
    },
    texts: () => pushed.map((bytes) => bytes.toString('utf8')),
    close: () => void socket.destroy(),
  }
}

const isWhole = (bytes: Buffer): boolean => {
  try {
    return decode(bytes).length > 0
  } catch {
    return false // Cut in the middle: more comes.
  }
}

/** The second field of a push, and how long both are; undefined: more comes. */
const wholeFields = (bytes: Buffer): { readonly body: Buffer; readonly length: number } | undefined => {
  for (let length = pushHead.length + 1; length <= bytes.length; length++) {
    if (!isWhole(bytes.subarray(0, length))) continue
    const [body] = bytesOf(bytes.subarray(0, length), 2)
    if (body !== undefined) return { body, length }
  }
  return undefined
}
