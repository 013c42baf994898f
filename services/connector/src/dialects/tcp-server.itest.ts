import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { silentLogger } from '@chat/runtime'
import { systemClock } from '@chat/runtime/system'
import { waitUntil } from '@chat/testkit'
import { afterEach, expect, test } from 'vitest'
import { createTcpServer, type TcpServer } from './tcp-server.ts'
import type { TcpEvents, TcpSocket } from './tcp-socket.ts'

const servers: TcpServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

/** A server that writes back what it is sent and notes what happens; `boom` makes it throw. */
const start = async (connectionsMax = 100, proxyProtocol: 'on' | 'off' = 'off') => {
  const happened: string[] = []
  const server = createTcpServer({
    ...{ host: '127.0.0.1', port: 0, connectionsMax, proxyProtocol, clock: systemClock, logger: silentLogger },
  })
  servers.push(server)
  await server.start(
    (socket: TcpSocket): TcpEvents => ({
      onBytes: (bytes) => {
        if (String(bytes) === 'boom') throw new Error('boom')
        socket.write(bytes, () => happened.push('written'))
      },
      onEnd: () => {
        happened.push('end')
        socket.end()
      },
      onGone: () => void happened.push('gone'),
      stop: () => socket.end(),
    }),
  )
  const open = async () => {
    const client = connect({ host: '127.0.0.1', port: server.port(), allowHalfOpen: true })
    client.on('error', () => {})
    await once(client, 'connect')
    return client
  }
  return { server, happened, open }
}

const heard = async (client: Socket): Promise<string> => {
  let text = ''
  for await (const bytes of client) text += bytes
  return text
}

const deadlineMs = 5_000

test('a client that ended its side is still answered, then the connection ends', async () => {
  const { happened, open } = await start()
  const client = await open()
  client.end('hello')
  expect(await heard(client)).toBe('hello')
  await waitUntil(() => happened.includes('gone'), { deadlineMs, what: 'it is gone' })
  expect(happened).toEqual(expect.arrayContaining(['written', 'end', 'gone']))
})

test('what is thrown for one connection ends that one only', async () => {
  const { open } = await start()
  const [bad, good] = [await open(), await open()]
  bad.write('boom')
  expect(await heard(bad).catch(() => '')).toBe('')
  good.end('still here')
  expect(await heard(good)).toBe('still here')
})

test('behind a proxy that says whose a connection is, it is served once that is said; another one is cut off', async () => {
  const { open } = await start(100, 'on')
  const [told, untold] = [await open(), await open()]
  told.end('PROXY TCP4 203.0.113.7 127.0.0.1 40000 8001\r\nhello')
  untold.write('hello')
  expect(await heard(untold).catch(() => '')).toBe('')
  expect(await heard(told)).toBe('hello')
})

test('more connections than there may be are closed at once, and one that went makes room', async () => {
  const { happened, open } = await start(1)
  const first = await open()
  const second = await open()
  expect(await heard(second).catch(() => '')).toBe('')
  first.destroy()
  await waitUntil(() => happened.includes('gone'), { deadlineMs, what: 'the first is gone' })
  const third = await open()
  third.end('room')
  expect(await heard(third)).toBe('room')
})

test('a stop ends all, also who does not follow, and the port is free', async () => {
  const { server, open } = await start()
  const client = await open()
  const port = server.port()
  const ended = once(client.resume(), 'end')
  await server.stop()
  await ended
  client.destroy()
  const again = createTcpServer({
    ...{ host: '127.0.0.1', port, connectionsMax: 1, proxyProtocol: 'off', clock: systemClock, logger: silentLogger },
  })
  servers.push(again)
  const events: TcpEvents = { onBytes: () => {}, onEnd: () => {}, onGone: () => {}, stop: () => {} }
  await again.start(() => events)
  const other = createTcpServer({
    ...{ host: '127.0.0.1', port, connectionsMax: 1, proxyProtocol: 'off', clock: systemClock, logger: silentLogger },
  })
  await expect(other.start(() => events)).rejects.toMatchObject({ code: 'port_in_use' })
})
