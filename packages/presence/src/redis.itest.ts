import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net'
import { silentLogger } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { testStack, waitUntil } from '@chat/testkit'
import { presenceContract } from '@chat/testkit/contracts/presence'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, test } from 'vitest'
import { openRedisPresence } from './redis.ts'

const { redisUrl } = testStack()
const admin = new Redis(redisUrl)
afterAll(async () => {
  await admin.quit()
})

let worlds = 0
const worldPrefix = () => `t${process.pid}-${Math.random().toString(36).slice(2)}-${++worlds}:`
const options = { url: redisUrl, slots: 4, clock: systemClock, random: systemRandom, logger: silentLogger }
const info = { id: 'c', socketUrl: 'ws://x', connections: 0, capacity: 1, isReady: true }
const deadlineMs = 5_000
/** Longer than an answer is waited for. */
const busyMs = 1_200

presenceContract('redis', async () => {
  const prefix = worldPrefix()
  const leaseMs = 1_000
  return {
    slots: 4,
    leaseMs,
    hasSimulatedClock: false,
    open: () => openRedisPresence({ ...options, prefix, leaseMs }),
    elapse: async () => {},
    wipe: async () => {
      await admin.del(await admin.keys(`${prefix}*`))
    },
  }
})

describe('keys', () => {
  test('all keys stand under the prefix, and entries do not stay for ever', async () => {
    const prefix = worldPrefix()
    const presence = await openRedisPresence({ ...options, prefix })
    const lease = await presence.lease(info)
    await presence.register(lease, [12], 0)
    expect((await admin.keys(`${prefix}*`)).sort()).toEqual(
      ['epoch:0', 'generation', 'order', 'pres:12', 'slot:0'].map((key) => prefix + key),
    )
    expect(await admin.pttl(`${prefix}pres:12`)).toBeGreaterThan(5 * 60_000)
    expect(await admin.pttl(`${prefix}slot:0`)).toBeLessThanOrEqual(6_000)
    await presence.unregister(lease, [12])
    expect(await admin.exists(`${prefix}pres:12`)).toBe(0)
    await presence.close()
  })

  test('registering a user takes out what ended leases left', async () => {
    const prefix = worldPrefix()
    const presence = await openRedisPresence({ ...options, prefix })
    const [first, second] = [await presence.lease(info), await presence.lease(info)]
    await presence.register(first, [12], 0)
    await presence.release(first)
    await presence.register(second, [12], 0)
    expect((await admin.hkeys(`${prefix}pres:12`)).sort()).toEqual([String(second.slot), 'since'])
    await presence.close()
  })

  test('a lost generation alone is made again by the next renewal', async () => {
    const prefix = worldPrefix()
    const presence = await openRedisPresence({ ...options, prefix })
    const lease = await presence.lease(info)
    await admin.del(`${prefix}generation`)
    const renewed = await presence.renew(lease, info)
    expect(renewed).toMatchObject({ outcome: 'renewed', generation: expect.not.stringMatching(lease.generation) })
    await presence.close()
  })

  test('a Redis that forgot its scripts gets them again', async () => {
    const presence = await openRedisPresence({ ...options, prefix: worldPrefix() })
    await presence.lease(info)
    await admin.script('FLUSH')
    expect(await presence.connectors()).toEqual([info])
    await presence.close()
  })
})

test('what was answered while this process was too busy to hear it is no failure, however long it was', async () => {
  const presence = await openRedisPresence({ ...options, prefix: worldPrefix() })
  const lease = await presence.lease(info)
  const renewal = presence.renew(lease, info)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyMs)
  expect(await renewal).toMatchObject({ outcome: 'renewed' })
  await presence.close()
})

describe('a Redis that is away', () => {
  test('at the start: calls are refused at once, and work when it comes', async () => {
    const line = await openLine()
    await line.cut()
    const presence = await openRedisPresence({ ...options, url: line.url, prefix: worldPrefix() })
    await expect(presence.connectors()).rejects.toMatchObject({ code: 'presence_unavailable', isRetryable: true })
    await line.mend()
    await waitUntil(async () => (await presence.connectors()).length === 0, { deadlineMs, what: 'Redis is back' })
    await presence.close()
    await line.cut()
  })

  test('in between: what was under way fails, nothing is sent later, and calls work again when it is back', async () => {
    const line = await openLine()
    const prefix = worldPrefix()
    const presence = await openRedisPresence({ ...options, url: line.url, prefix })
    const lease = await presence.lease(info)
    await line.cut()
    await expect(presence.register(lease, [12], 0)).rejects.toMatchObject({ code: 'presence_unavailable' })
    await line.mend()
    await waitUntil(async () => (await presence.renew(lease, info)).outcome === 'renewed', { deadlineMs, what: 'back' })
    expect((await presence.lookup([12])).locations).toEqual(new Map())
    await presence.close()
    await line.cut()
  })

  test('frozen: a call fails within two seconds', async () => {
    const line = await openLine()
    const presence = await openRedisPresence({ ...options, url: line.url, prefix: worldPrefix() })
    await presence.lease(info)
    line.freeze()
    const startedAt = performance.now()
    await expect(presence.lookup([12])).rejects.toMatchObject({ code: 'presence_unavailable' })
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    await presence.close()
    await line.cut()
  })

  test('closing twice is closing once, and later calls are refused', async () => {
    const presence = await openRedisPresence({ ...options, prefix: worldPrefix() })
    await presence.close()
    await presence.close()
    await expect(presence.connectors()).rejects.toMatchObject({ code: 'presence_unavailable' })
  })
})

/** A line to Redis that can be cut, mended and frozen, on a port of its own. */
const openLine = async () => {
  const target = new URL(redisUrl)
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let port = 0
  const mend = async () => {
    server = createServer((near) => {
      const far = connectSocket(Number(target.port), target.hostname)
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from)
        from.on('error', () => to.destroy()).on('close', () => to.destroy())
        from.pipe(to)
      }
    })
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
    port = (server.address() as { port: number }).port
  }
  const cut = async () => {
    const closed = new Promise((resolve) => server?.close(resolve))
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await closed
  }
  const freeze = () => {
    for (const socket of sockets) socket.unpipe().pause()
  }
  await mend()
  return { url: `redis://127.0.0.1:${port}`, mend, cut, freeze }
}
