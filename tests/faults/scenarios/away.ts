import { systemClock as clock } from '@chat/runtime/system'
import { freePort } from '@chat/stack'
import { waitUntil } from '@chat/testkit'
import type { Arena } from '../arena/arena.ts'
import { budgetTolerance } from '../arena/strike.ts'
import { faultKind } from '../kinds/index.ts'
import { createSeat } from '../site/seat.ts'
import type { Scenario } from './scenario.ts'

/** A process that starts beside all others has little of the machine. */
const waitsWithinMs = 90_000

const registryAtColdStart: Scenario = {
  name: 'registry-away-at-start',
  what: 'a router and a connector that start without it wait, say so, and go on when it is back',
  isShort: false,
  needs: {},
  run: async ({ site, during }) => {
    const newcomers = await Promise.all(
      (['router', 'connector'] as const).map(async (kind) =>
        createSeat({ name: `${kind}-new`, kind, port: await freePort(), env: site.system.env, clock }),
      ),
    )
    try {
      return [
        await during({ name: 'registry away', target: 'a cold start', budget: 'router killed' }, async () => {
          await site.killServer('registry')
          await Promise.all(newcomers.map((seat) => seat.launch()))
          const isWaiting = () => newcomers.every((seat) => /registry/i.test(seat.logs()))
          await waitUntil(isWaiting, { deadlineMs: waitsWithinMs, what: 'both say that they wait for the registry' })
          await site.stack.startServer('registry')
          await Promise.all(newcomers.map((seat) => seat.process().ready()))
        }),
      ]
    } finally {
      await Promise.all(newcomers.map((seat) => seat.end('SIGTERM')))
    }
  },
}

const leaderKills = 6

/** Each broker leads a third of the partitions. */
const leaderKilledAgain: Scenario = {
  name: 'leader-killed-again-and-again',
  what: `${leaderKills} times a broker is killed and started again, one after the other`,
  isShort: false,
  needs: { brokers: 3 },
  run: async (arena) => {
    const kind = faultKind('broker killed')
    const recoveries = []
    for (let kill = 0; kill < leaderKills; kill++) {
      const target = arena.site.brokers[kill % arena.site.brokers.length] ?? ''
      recoveries.push(await arena.strike([{ kind, target, forMs: 2_000 }]))
    }
    return recoveries
  },
}

const missedCount = 10_000
/** Of one sender to one group; limits are off. */
const waitingMax = 200

const missed: Scenario = {
  name: 'missed-10000',
  what: 'a device is away for 10,000 messages of its group, and has them all after one reconnect',
  isShort: false,
  needs: {},
  run: async (arena) => {
    const [owner, second] = arena.devices
    const [, account] = arena.accounts
    if (owner === undefined || second === undefined || account === undefined) throw new Error('an arena of nobody')
    const members = [account.userId]
    const { conversation } = await owner.request('group.create', { title: 'missed', visibility: 'private', members })
    const id = String(conversation)
    const away = arena.addDevice(account)
    arena.addPlace({ conversation: id, devices: [owner, second] }, { hasTraffic: false })
    await away.connect()
    await waitUntil(() => away.isConnected(), { deadlineMs: 10_000, what: 'the device is there' })
    const fault = { name: 'device away', target: `${missedCount} messages`, budget: 'devices cut' } as const
    let backMs = 0
    const recovery = await arena.during(fault, async () => {
      await away.close()
      await sendMany(owner, id, missedCount)
      await away.connect()
      backMs = clock.monotonic()
    })
    await waitUntil(() => away.shown(id).size > missedCount, {
      deadlineMs: recovery.budgetMs * budgetTolerance,
      what: () => `the device shows what it missed: ${away.shown(id).size} of ${missedCount}`,
      everyMs: 100,
    })
    // The others were as normal all along.
    return [{ ...recovery, ms: Math.round(clock.monotonic() - backMs) }]
  },
}

type Device = Arena['devices'][number]

const sendMany = async (device: Device, conversation: string, count: number): Promise<void> => {
  const sends = new Set<Promise<unknown>>()
  for (let sent = 0; sent < count; sent++) {
    const send = device.send(conversation, `missed ${sent}`)
    sends.add(send)
    send.finally(() => sends.delete(send)).catch(() => {}) // The race below throws it.
    if (sends.size >= waitingMax) await Promise.race(sends)
  }
  await Promise.all(sends)
}

export const awayScenarios: readonly Scenario[] = [registryAtColdStart, leaderKilledAgain, missed]
