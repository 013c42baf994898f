import type { Spoken } from '@chat/connector/dialects/spoken'
import type { TcpEvents, TcpSocket } from '@chat/connector/dialects/tcp-socket'
import type { World } from './world.ts'

/** A client of an older protocol without a network. */
export interface TcpClient {
  send(bytes: Buffer): void
  /** Our side ends. */
  end(): void
  /** The connection breaks. */
  cut(): void
  /** Reads nothing from now on, until `flow`. */
  stall(): void
  flow(): void
  /** What was written, each write for itself. */
  readonly frames: readonly Buffer[]
  readonly isOpen: boolean
}

export const connectTcp = (
  world: World,
  dialects: readonly (readonly Spoken[])[],
  name: string,
  connector = 0,
): TcpClient => {
  const spoken = dialects[connector]?.find((one) => one.name === name)
  const handlers = world.sockets[connector]?.handlers
  if (spoken === undefined || handlers === undefined) throw new Error(`no ${name} at connector ${connector}`)
  const frames: Buffer[] = []
  let stalled: (() => void)[] | undefined
  let isOpen = true
  const gone = () => {
    if (!isOpen) return
    isOpen = false
    queueMicrotask(() => events.onGone())
  }
  const socket: TcpSocket = {
    remoteAddress: '127.0.0.1',
    write: (bytes, done) => {
      if (!isOpen) return
      const take = () => {
        frames.push(Buffer.from(bytes))
        done()
      }
      if (stalled === undefined) queueMicrotask(take)
      else stalled.push(take)
    },
    end: gone,
    destroy: gone,
    pause: () => {},
    resume: () => {},
  }
  const events: TcpEvents = spoken.serveFor(handlers)(socket)
  return {
    send: (bytes) => events.onBytes(bytes),
    end: () => events.onEnd(),
    cut: gone,
    stall: () => {
      stalled ??= []
    },
    flow: () => {
      const takes = stalled ?? []
      stalled = undefined
      for (const take of takes) take()
    },
    frames,
    get isOpen() {
      return isOpen
    },
  }
}
