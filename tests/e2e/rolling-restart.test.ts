import { partitionOfConversation } from '@chat/schemas'
import type { ServiceProcess } from '@chat/stack'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Acknowledged, createDevice, type Device, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExactlyOnce } from './expectations.ts'
import { expectReadModelsEqualFold } from './read-models.ts'
import { createWitness, type Witness } from './witness.ts'

/**
 * Every process of a system is restarted in turn, as a deployment does it, while messages flow in a conversation of every partition.
 *
 * The gap of a device is the longest time in which it was pushed nothing of one of these conversations while a process was replaced
 * (SIGTERM until the next one is ready and messages were acknowledged after it), although messages of each fell due all the time. It
 * holds whatever a person would notice: a handover of a partition, a lost connection and the way back, a delivery that comes late.
 */
const isLong = process.env.CHAT_TEST_LONG === '1'
const roundsCount = isLong ? 3 : 1
const devicesCount = isLong ? 60 : 24
const messagesPerSecond = 80
/** Acknowledged before the next process is asked to go. */
const messagesBetween = messagesPerSecond
/** A goal of the design, at p99, for a machine that does nothing else. */
const gapBudgetMs = 1000
/** Two cores carry the servers, the load and other tests. Still less than it takes until a group gives up a member that says nothing. */
const gapMaxMs = 5 * gapBudgetMs

let system: System
let devices: readonly Device[]
let witnesses: readonly Witness[]

beforeAll(async () => {
  system = await startSystem({ connectors: 2, routers: 2, projectors: 2 })
  const urls = system.connectors.map((connector) => connector.url)
  const accounts = await registerAccounts(urls, devicesCount)
  witnesses = accounts.map(createWitness)
  devices = accounts.map((account, index) => {
    const observer = witnesses[index]?.observer
    if (observer === undefined) throw new Error('no witness')
    return createDevice({ urls: index % 2 === 0 ? urls : [...urls].reverse(), account, observer })
  })
  await Promise.all(devices.map((device) => device.connect()))
}, 120_000)

afterAll(async () => {
  await Promise.all((devices ?? []).map((device) => device.close()))
  await system?.stop()
})

/** A group of everybody in each partition. */
const createGroups = async (owner: Device): Promise<readonly string[]> => {
  const members = devices.filter((device) => device !== owner).map((device) => device.userId)
  const groups = new Map<number, string>()
  while (groups.size < system.world.partitions) {
    const created = await owner.request('group.create', { title: 'all', visibility: 'private', members })
    const conversation = String(created.conversation)
    groups.set(partitionOfConversation(conversation, system.world.partitions) ?? 0, conversation)
  }
  return [...groups.values()]
}

interface Load {
  acknowledged(): number
  /** Stops sending; what was acknowledged per conversation and device, in the order of sending. */
  end(): Promise<ReadonlyMap<string, ReadonlyMap<Device, readonly Acknowledged[]>>>
  /** From the send to its acknowledgement, ms, of the sends made between the two moments. */
  answerTimesMs(fromMs: number, toMs: number): readonly number[]
}

/** Devices post in turn, to the conversations in turn, at a steady rate, whatever is answered. */
const startLoad = (conversations: readonly string[]): Load => {
  const sent = new Map(
    conversations.map((each) => [each, new Map(devices.map((device) => [device, [] as Promise<Acknowledged>[]]))]),
  )
  const answers: { readonly sentMs: number; readonly tookMs: number }[] = []
  let count = 0
  const post = () => {
    const conversation = conversations[count % conversations.length] ?? ''
    const device = devices[Math.floor(count / conversations.length) % devices.length]
    if (device === undefined) throw new Error('no device')
    const sentMs = performance.now()
    const answer = device.send(conversation, `message ${count++}`)
    answer.then(
      () => answers.push({ sentMs, tookMs: performance.now() - sentMs }),
      () => {}, // `end` throws it.
    )
    sent.get(conversation)?.get(device)?.push(answer)
  }
  const startMs = performance.now()
  const timer = setInterval(() => {
    const due = ((performance.now() - startMs) * messagesPerSecond) / 1000
    while (count < due) post()
  }, 5)
  return {
    acknowledged: () => answers.length,
    end: async () => {
      clearInterval(timer)
      const acknowledged = new Map<string, ReadonlyMap<Device, readonly Acknowledged[]>>()
      for (const [conversation, ofConversation] of sent) {
        const byDevice = new Map<Device, readonly Acknowledged[]>()
        for (const [device, acks] of ofConversation) byDevice.set(device, await Promise.all(acks))
        acknowledged.set(conversation, byDevice)
      }
      return acknowledged
    },
    answerTimesMs: (fromMs, toMs) =>
      answers.filter(({ sentMs }) => sentMs >= fromMs && sentMs < toMs).map(({ tookMs }) => tookMs),
  }
}

const quantiles = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

const told = (values: readonly number[]): string => {
  const { p50, p99, max } = quantiles(values)
  return `${p50} / ${p99} / ${max} ms`
}

const flow = async (load: Load): Promise<void> => {
  const enough = load.acknowledged() + messagesBetween
  await waitUntil(() => load.acknowledged() >= enough && devices.every((device) => device.isConnected()), {
    deadlineMs: 30_000,
    what: () => `${enough} messages are acknowledged, not ${load.acknowledged()}, and everybody is connected`,
  })
}

/** Ends one process as a deployment does, puts another in its place, and returns each device's gap meanwhile. */
const restart = async (
  processes: ServiceProcess[],
  index: number,
  conversations: readonly string[],
  load: Load,
): Promise<readonly number[]> => {
  const old = processes[index]
  if (old === undefined) throw new Error('no process')
  const fromMs = performance.now()
  expect(old.kill('SIGTERM')).toBe(true)
  expect(await old.exited, `${old.name}:\n${old.logs()}`).toEqual({ code: 0, signal: null })
  const stoppedMs = performance.now()
  processes[index] = await system.replace(old)
  const readyMs = performance.now()
  await flow(load)
  const toMs = performance.now()
  const gaps = witnesses.map((witness) => witness.longestPauseMs(conversations, fromMs, toMs))
  process.stdout.write(
    `${old.name} ${index}: stopped in ${Math.round(stoppedMs - fromMs)} ms, the next one ready in ${Math.round(readyMs - stoppedMs)} ms; ` +
      `gap ${told(gaps)}, answers ${told(load.answerTimesMs(fromMs, readyMs))}\n`,
  )
  return gaps
}

test(
  'every process restarted in turn under load: nothing refused, lost, doubled or reordered, no connection closed without notice',
  async () => {
    const [owner] = devices
    if (owner === undefined) throw new Error('no device')
    const conversations = await createGroups(owner)
    const load = startLoad(conversations)
    await flow(load)
    const quietMs = performance.now()
    await flow(load)
    const quiet = witnesses.map((each) => each.longestPauseMs(conversations, quietMs, performance.now()))
    process.stdout.write(`nothing restarted: gap ${told(quiet)}\n`)
    const gaps: number[] = []
    for (let round = 0; round < roundsCount; round++)
      for (const processes of [system.routers, system.projectors, system.connectors])
        for (const index of processes.keys()) gaps.push(...(await restart(processes, index, conversations, load)))

    const acknowledged = await load.end()
    await Promise.all(devices.map((device) => device.catchUp()))
    for (const [conversation, sent] of acknowledged) expectExactlyOnce({ conversation, devices, sent })
    expect(
      witnesses.flatMap(({ refusals }) => refusals),
      'refused',
    ).toEqual([])
    const closed = witnesses.flatMap((witness) => witness.closed)
    expect(closed.filter(({ code, wasNoticed }) => code !== 1012 || !wasNoticed)).toEqual([])
    expect(closed.length, 'closed connections').toBeGreaterThanOrEqual(roundsCount * devicesCount)
    const back = closed.map(({ atMs, backMs = Number.POSITIVE_INFINITY }) => backMs - atMs)
    process.stdout.write(`gap of a device and a restart ${told(gaps)}; from close to the next hello ${told(back)}\n`)
    expect(quantiles(gaps).p99, 'gap, p99, ms').toBeLessThanOrEqual(gapMaxMs)
    for (const each of [...system.connectors, ...system.routers, ...system.projectors])
      expect((await fetch(`${each.url}/readyz`)).status, each.name).toBe(200)

    const read = (device: Device) =>
      conversations.map((conversation) =>
        device.request('read', { conversation, seq: device.shown(conversation).size }),
      )
    await Promise.all(devices.flatMap(read))
    await expectReadModelsEqualFold(system.world)
  },
  isLong ? 600_000 : 240_000,
)
