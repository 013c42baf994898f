import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createFaultProxy, waitUntil } from '@chat/testkit'
import { WebSocket } from 'ws'
import { mountSmallDisk } from '../site/small-disk.ts'
import type { Scenario } from './scenario.ts'

/** Free on the small disk before it is filled, MiB. */
const spareMiB = 64
const fullWithinMs = 60_000

const diskFull: Scenario = {
  name: 'disk-full',
  what: "the broker's disk is full: nothing more is acknowledged, and nothing that was is lost",
  isShort: false,
  needs: { brokers: 1, isAlone: true },
  run: async (arena) => {
    const { site, during } = arena
    const dataDir = join(site.stackDir, 'kafka-1', 'data')
    await site.killServer('kafka-1')
    const disk = mountSmallDisk(dataDir, spareMiB)
    try {
      await site.stack.startServer('kafka-1')
      const recovery = await during({ name: 'disk full', target: 'kafka-1', budget: 'broker killed' }, async () => {
        const before = arena.traffic.counts().accepted
        await waitUntil(() => arena.traffic.counts().accepted > before + 50, {
          deadlineMs: fullWithinMs,
          what: 'messages on the small disk',
        })
        disk.fill()
        await waitUntil(() => !site.stack.signal('kafka-1', 'SIGCONT'), {
          deadlineMs: fullWithinMs,
          what: 'the broker gives up its full disk',
          everyMs: 100,
        })
        disk.empty()
        await site.stack.startServer('kafka-1')
      })
      return [recovery]
    } finally {
      await site.killServer('kafka-1')
      disk.unmount()
      await site.stack.startServer('kafka-1')
    }
  },
}

/** Above what the process has open when its limit comes, and how many connections ask for one then. */
const descriptorsLeft = 4
const crowd = 40

const descriptors: Scenario = {
  name: 'descriptor-limit',
  what: 'a connector that can open nothing more keeps who is there, refuses others, and goes on when it can again',
  isShort: false,
  needs: {},
  run: async ({ site, during }) => {
    const seat = site.seat('connector-1')
    const { pid } = seat.process()
    const prlimit = (...args: readonly string[]) =>
      execFileSync('prlimit', ['--pid', String(pid), ...args], { encoding: 'utf8' }).trim()
    const limit = (count: number) => prlimit(`--nofile=${count}:`)
    const usual = Number(prlimit('--nofile', '--noheadings', '--output=SOFT'))
    const sockets: WebSocket[] = []
    const fault = { name: 'descriptors used up', target: seat.name, budget: 'devices cut' } as const
    return [
      await during(fault, async () => {
        limit(readdirSync(`/proc/${pid}/fd`).length + descriptorsLeft)
        try {
          const outcomes = { open: 0, failed: 0 }
          for (let index = 0; index < crowd; index++) {
            const socket = new WebSocket(`${seat.url.replace('http', 'ws')}/v1/socket`, 'chat.v1', {
              handshakeTimeout: 3_000,
            })
            sockets.push(socket)
            socket.on('open', () => outcomes.open++)
            socket.on('error', () => outcomes.failed++)
          }
          await waitUntil(() => outcomes.open + outcomes.failed === crowd, { deadlineMs: 20_000, what: 'all know' })
          if (outcomes.failed === 0) throw new Error('the limit was not reached')
        } finally {
          limit(usual)
          for (const socket of sockets) socket.terminate()
        }
        if (seat.process().pid !== pid) throw new Error('the process did not live through it')
      }),
    ]
  },
}

/** Long enough that what waits for them passes every bound. */
const deafForMs = 25_000
const deafDevices = 4
const bigText = 'so much to say '.repeat(250)
const bigPerSecond = 80

const deafReaders: Scenario = {
  name: 'slow-and-dead-readers',
  what: 'devices that read slowly or not at all are left behind, closed, and catch up; others notice nothing',
  isShort: false,
  needs: {},
  run: async (arena) => {
    const place = arena.places.find(({ devices }) => devices.length === arena.accounts.length)
    const [speaker] = place?.devices ?? []
    if (place === undefined || speaker === undefined) throw new Error('no group of all')
    const proxies = await Promise.all(
      Array.from({ length: deafDevices }, async () => {
        const proxy = createFaultProxy({ target: arena.site.clientUrls[0]?.replace('http://', '') ?? '' })
        await proxy.start()
        arena.atClose(proxy.stop)
        return proxy
      }),
    )
    const deaf = proxies.map((proxy, index) =>
      arena.addDevice(at(arena.accounts, index), { urls: [`http://${proxy.address}`] }),
    )
    await Promise.all(deaf.map((device) => device.connect()))
    const fault = { name: 'readers deaf', target: `${deafDevices} devices`, budget: 'devices cut' } as const
    const recovery = await arena.during(fault, async () => {
      for (const [index, proxy] of proxies.entries())
        if (index % 2 === 0) proxy.hold(['answers'])
        else proxy.slow({ delayMs: 200, bytesPerS: 20_000 })
      const sends: Promise<unknown>[] = []
      const startMs = performance.now()
      await waitUntil(
        () => {
          const passedMs = performance.now() - startMs
          while (sends.length < (passedMs * bigPerSecond) / 1_000)
            sends.push(awaitedLater(speaker.send(place.conversation, bigText)))
          return passedMs > deafForMs
        },
        { deadlineMs: deafForMs * 2, what: 'it was said' },
      )
      await Promise.all(proxies.map((proxy) => proxy.heal()))
      await Promise.all(sends)
    })
    return [recovery]
  },
}

const hotMembers = 12
const hotPerSecond = 300
const hotForMs = 20_000

const hotGroup: Scenario = {
  name: 'hot-group',
  what: `one group of ${hotMembers} takes ${hotPerSecond} messages a second for ${hotForMs / 1_000} s, beside everything else`,
  isShort: false,
  needs: {},
  run: async (arena) => {
    const place = arena.places.find(({ devices }) => devices.length === hotMembers)
    if (place === undefined) throw new Error(`no group of ${hotMembers}`)
    const fault = { name: 'group hot', target: place.conversation, budget: 'router killed' } as const
    const recovery = await arena.during(fault, async () => {
      const sends: Promise<unknown>[] = []
      const startMs = performance.now()
      await waitUntil(
        () => {
          const passedMs = Math.min(performance.now() - startMs, hotForMs)
          while (sends.length < (passedMs * hotPerSecond) / 1_000)
            sends.push(awaitedLater(at(place.devices, sends.length).send(place.conversation, `hot ${sends.length}`)))
          return passedMs === hotForMs
        },
        { deadlineMs: hotForMs * 2, what: 'all of it is sent' },
      )
      await Promise.all(sends)
    })
    return [recovery]
  },
}

/** It may fail before somebody waits for it. */
const awaitedLater = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(() => {}) // Whoever waits for it gets the error.
  return promise
}

const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index % items.length]
  if (item === undefined) throw new Error('nothing there')
  return item
}

export const resourceScenarios: readonly Scenario[] = [diskFull, descriptors, deafReaders, hotGroup]
