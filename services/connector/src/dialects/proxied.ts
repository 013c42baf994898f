import { isIPv4, isIPv6 } from 'node:net'
import type { Clock } from '@chat/runtime'
import type { TcpEvents, TcpSocket } from './tcp-socket.ts'

/**
 * What a proxy says first of each connection that it passes on: PROXY protocol, version 1
 * (haproxy.org/download/1.8/doc/proxy-protocol.txt, 2.1), one line of ASCII, then what the client sends:
 * `PROXY TCP4 <client> <proxy> <port> <port>\r\n`, the same with TCP6, or `PROXY UNKNOWN …\r\n`.
 */

/** Of the line with its end, bytes. */
const lineBytesMax = 107
/** A proxy says it at once, ms. */
const lineMaxMs = 5_000

/**
 * One connection of a proxy: served, once the line is here, as that of whom it names (of the proxy itself where it does not know). One that
 * begins with anything else is cut off: nobody could tell whose it is.
 */
export const behindProxy = (socket: TcpSocket, clock: Clock, serve: (socket: TcpSocket) => TcpEvents): TcpEvents => {
  let begun: Buffer = Buffer.alloc(0)
  let served: TcpEvents | undefined
  const cancel = clock.after(lineMaxMs, () => socket.destroy())

  const begin = (bytes: Buffer) => {
    begun = Buffer.concat([begun, bytes])
    const line = readLine(begun)
    if (line === undefined) return
    cancel()
    if (line === 'broken') return socket.destroy()
    served = serve({ ...socket, remoteAddress: line.address ?? socket.remoteAddress })
    const rest = begun.subarray(line.endAt)
    begun = Buffer.alloc(0)
    if (rest.length > 0) served.onBytes(rest)
  }

  return {
    onBytes: (bytes) => (served === undefined ? begin(bytes) : served.onBytes(bytes)),
    onEnd: () => (served === undefined ? socket.destroy() : served.onEnd()),
    onGone: () => {
      cancel()
      served?.onGone()
    },
    stop: () => (served === undefined ? socket.destroy() : served.stop()),
  }
}

interface ProxyLine {
  /** undefined: the proxy does not know. */
  readonly address: string | undefined
  readonly endAt: number
}

/** undefined: its end is not here yet. */
const readLine = (bytes: Buffer): ProxyLine | 'broken' | undefined => {
  const end = bytes.indexOf('\r\n')
  const endAt = end + 2
  if (!canBegin(bytes) || (end === -1 ? bytes.length : endAt) > lineBytesMax) return 'broken'
  if (end === -1) return undefined
  const [family = '', client = '', proxy = '', ...ports] = bytes.toString('latin1', beginning.length, end).split(' ')
  if (family === 'UNKNOWN') return { address: undefined, endAt }
  const isAddress = families.get(family)
  if (isAddress === undefined || !isAddress(client) || !isAddress(proxy)) return 'broken'
  return ports.length === 2 && ports.every(isPort) ? { address: client, endAt } : 'broken'
}

const beginning = 'PROXY '

/** Whether this is the beginning of the line, or as much of it as is here. */
const canBegin = (bytes: Buffer): boolean => {
  const here = bytes.toString('latin1', 0, beginning.length)
  return here === beginning.slice(0, here.length)
}

const families: ReadonlyMap<string, (address: string) => boolean> = new Map([
  ['TCP4', isIPv4],
  ['TCP6', isIPv6],
])

const isPort = (text: string): boolean => /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535
