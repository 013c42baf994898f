import { systemClock as clock } from '@chat/runtime/system'
import type { Acknowledged, Device, ShownEvent } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { FaultKind } from '../kinds/index.ts'
import { createRecorder } from '../recorder.ts'
import type { Site } from '../site/site.ts'
import { createStriker } from './strike.ts'

/** Two members of one conversation; what is sent is acknowledged and shown at once, unless something is down. */
const openWorld = () => {
  const log: string[] = []
  const shown = new Map<number, ShownEvent>()
  const down = new Set<string>()
  const waiting: (() => void)[] = []
  const send = (conversation: string): Promise<Acknowledged> =>
    new Promise((resolve) => {
      log.push('probe')
      const answer = () => {
        const seq = shown.size + 1
        shown.set(seq, { seq, type: 'messagePosted', actor: 1, at: '', data: {} })
        resolve({ conversation, seq, clientMsgId: `id ${seq}`, position: '' })
      }
      if (down.size === 0) answer()
      else waiting.push(answer)
    })
  const device = (userId: number) => ({ userId, send, shown: () => shown }) as unknown as Device
  const kind = (name: string, part: FaultKind['part'], countsFrom: FaultKind['countsFrom']): FaultKind => ({
    name,
    part,
    budget: 'router killed',
    countsFrom,
    lastsMs: [0, 0],
    weight: 1,
    targets: () => [name],
    inject: async () => {
      log.push(`${name} begins`)
      down.add(name)
      return async () => {
        log.push(`${name} ends`)
        down.delete(name)
        if (down.size === 0) for (const answer of waiting.splice(0)) answer()
      }
    },
  })
  const recorder = createRecorder({ clock, label: 'strike', clockErrorMs: 0 })
  const places = [{ conversation: 'd1.2', devices: [device(1), device(2)] }]
  const striker = createStriker({ clock, site: {} as Site, recorder, places: () => places })
  const recorded = () => recorder.history().map(({ what }) => what)
  return { log, kind, striker, recorded }
}

test('while a fault lasts that others make up for, the probe is on its way', async () => {
  const { log, kind, striker, recorded } = openWorld()
  const recovery = await striker.strike([{ kind: kind('router', 'router', 'begin'), target: 'router', forMs: 30 }])
  expect(log).toEqual(['router begins', 'probe', 'router ends'])
  expect(recorded().toSorted()).toEqual(['faultBegun', 'faultEnded', 'probed', 'started'])
  expect(recovery.ms).toBeGreaterThanOrEqual(25)
})

test('a fault that nobody can make up for is probed after its end', async () => {
  const { log, kind, striker, recorded } = openWorld()
  await striker.strike([{ kind: kind('disk', 'kafka', 'end'), target: 'disk', forMs: 10 }])
  expect(log).toEqual(['disk begins', 'disk ends', 'probe'])
  expect(recorded()).toEqual(['started', 'faultBegun', 'faultEnded', 'probed'])
})

test('two at once overlap, and are probed when the last one ended', async () => {
  const { log, kind, striker } = openWorld()
  const [router, redis] = [kind('router', 'router', 'begin'), kind('redis', 'redis', 'end')]
  const { fault } = await striker.strike([
    { kind: router, target: 'r', forMs: 40 },
    { kind: redis, target: 's', forMs: 5 },
  ])
  expect(log).toEqual(['router begins', 'redis begins', 'redis ends', 'router ends', 'probe'])
  expect(fault).toBe('router (r) + redis (s)')
  expect([striker.faults(), striker.recoveries.length]).toEqual([2, 1])
})

test('a heal that fails fails the strike', async () => {
  const { kind, striker } = openWorld()
  const broken: FaultKind = {
    ...kind('x', 'redis', 'end'),
    inject: async () => () => Promise.reject(new Error('gone')),
  }
  await expect(striker.strike([{ kind: broken, target: 'x', forMs: 0 }])).rejects.toThrow('gone')
})

test('of faults at once, one that waits for a process to be ready begins before those that might keep it from being so', async () => {
  const { log, kind, striker } = openWorld()
  const [down, waits] = [kind('postgres', 'postgres', 'end'), kind('clock', 'projector', 'begin')]
  const hits = [down, { ...waits, waitsForReady: true as const }].map((each) => ({
    kind: each,
    target: each.name,
    forMs: 0,
  }))
  await striker.strike(hits)
  expect(log.slice(0, 2)).toEqual(['clock begins', 'postgres begins'])
})
