import { connect } from 'node:net'
import { waitUntil } from '@chat/testkit'

const deadlineMs = 20_000

/** A TCP client that writes what it likes. */
export interface RudeTcp {
  /** Each part in a write of its own, once the kernel has the one before. */
  write(...parts: readonly Buffer[]): Promise<void>
  /** Our side ends. */
  end(): void
  /** Resolves when the server closed it. */
  readonly closed: Promise<void>
  readonly isOpen: () => boolean
  readonly received: () => Buffer
  /** Waits until so many bytes came. */
  receives(bytes: number): Promise<Buffer>
  close(): void
}

export const connectRudeTcp = (port: number): RudeTcp => {
  const chunks: Buffer[] = []
  let bytes = 0
  let isOpen = true
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true })
  socket.on('error', () => {}) // `close` follows.
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    bytes += chunk.length
  })
  socket.on('close', () => {
    isOpen = false
  })
  socket.on('end', () => socket.end())
  const received = () => Buffer.concat(chunks)
  const isClosed = (what: string) => waitUntil(() => !isOpen, { deadlineMs, what })
  return {
    write: async (...parts) => {
      // A connection that the server has closed by now is for the test to find.
      for (const part of parts) await new Promise<void>((resolve) => socket.write(part, () => setImmediate(resolve)))
    },
    end: () => void socket.end(),
    get closed() {
      return isClosed('the server closes the connection').then(() => {})
    },
    isOpen: () => isOpen,
    received,
    receives: async (count) => {
      await waitUntil(() => bytes >= count || !isOpen, { deadlineMs, what: () => `${count} bytes come, not ${bytes}` })
      return received()
    },
    close: () => void socket.destroy(),
  }
}
