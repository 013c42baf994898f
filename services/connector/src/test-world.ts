// biome-ignore-all lint/style/noRestrictedImports: for tests only, which may use the memory adapters and the testkit.
import { createMemoryAttempts } from '@chat/attempts/memory'
import { createMemoryRateLimits } from '@chat/attempts/memory-rate-limits'
import { createMemoryCredentials } from '@chat/credentials/memory'
import { broadcast, type GroupReach, groupsOf, route as routeEvents, usersOf, type Way } from '@chat/domain'
import type { EventLog } from '@chat/event-log'
import { createMemoryStore } from '@chat/event-log/memory'
import { createMemoryPresence } from '@chat/presence/memory'
import type { PlacedReceipt } from '@chat/read-models'
import { createMemoryReadModels } from '@chat/read-models/memory'
import { type Clock, createHealth, createMetrics, Fault, type Random, silentLogger, uuidV7 } from '@chat/runtime'
import {
  type Command,
  createEncoder,
  createTopics,
  type Delivery,
  decodeCommand,
  decodeReceipt,
  groupConversation,
  type LogEvent,
  parseConversation,
  partitionOfConversation,
  partitionOfId,
  type Reply,
  type SchemaIds,
} from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { createTokens } from './accounts/tokens.ts'
import type { ConnectorConfig } from './config.ts'
import { createConnector } from './connector.ts'
import type { Ports } from './ports.ts'
import { createMemorySockets, type Frame, type MemoryClient } from './socket/memory-sockets.ts'
import { noWordFilter } from './word-filter/word-filter.ts'

const partitions = 4
const keys: readonly [Uint8Array] = [Buffer.alloc(32, 1)]

/** What the scripted router does with a command; undefined: it says nothing. */
type Script = (command: Command) => Partial<Reply> | undefined

/**
 * Connectors on memory twins under a fake clock, with a router and a projector played by hand. Everything that is sent is
 * accepted, delivered and projected at once, unless the flags or the script say otherwise.
 */
export const createTestWorld = async (slots = 4) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const random = createSeededRandom(7)
  const topics = createTopics({ prefix: 't.', partitions, slots })
  const store = createMemoryStore({ clock })
  const log = store.client('router')
  const presence = createMemoryPresence({ clock, random, slots })
  const readModels = createMemoryReadModels({ clock, random })
  const credentials = createMemoryCredentials({ random })
  const encoder = createEncoder(new Proxy({}, { get: () => 1 }) as SchemaIds)
  const tokens = createTokens({ keys, clock })
  const flags = {
    routes: true,
    projects: true,
    delivers: true,
    way: 'each' as Way,
    script: undefined as Script | undefined,
  }
  const commands: Command[] = []
  const waiting: { readonly partition: number; readonly pos: number; readonly event: LogEvent }[] = []
  const projected = new Map<number, number>()
  const seqs = new Map<string, number>()
  const members = new Map<string, Set<number>>()
  const unrouted: { readonly command: Command; readonly partition: number }[] = []

  const project = async () => {
    while (waiting.length > 0) {
      const next = waiting.shift()
      if (next === undefined) return
      const from = projected.get(next.partition) ?? 0
      projected.set(next.partition, next.pos + 1)
      await readModels.projection.applyEvents({
        partition: next.partition,
        from,
        to: { nextOffset: next.pos + 1, lastPos: next.pos, chain: '' },
        events: [{ pos: next.pos, event: next.event }],
      })
    }
  }

  /** Receipts of the log that are not projected yet, as far as they are. */
  const projectReceipts = async () => {
    for (const [partition, end] of await log.ends(topics.receipts)) {
      const { nextOffset: from } = await readModels.projection.offset('receipts', partition)
      const receipts: PlacedReceipt[] = []
      for await (const records of log.read(topics.receipts, partition, from, end, new AbortController().signal))
        for (const { offset, headers, value } of records) {
          const decoded = decodeReceipt(headers.schema ?? '', value)
          if ('reason' in decoded) throw new Error(decoded.detail)
          receipts.push({ offset, receipt: decoded.record })
        }
      if (end > from) await readModels.projection.applyReceipts({ partition, from, to: end, receipts })
    }
  }

  const append = async (partition: number, event: LogEvent) => {
    const { schema, value } = encoder.encode(event)
    const pos = (await log.ends(topics.events)).get(partition) ?? 0
    const headers = { type: event.type, schema, pos: String(pos), cmd: '0', ignorable: 'false', chain: '' }
    await log.append({ topic: topics.events, partition, records: [{ key: null, value, headers }] })
    waiting.push({ partition, pos, event })
    if (flags.projects) await project()
    return { pos, schema, value }
  }

  /** -1: to everybody. */
  const sendTo = async (slot: number, delivery: Delivery) => {
    const topic = slot === -1 ? topics.deliveryAll : topics.deliveries[slot]
    if (topic === undefined) throw new Error(`no slot ${slot}`)
    const { schema, value } = encoder.encode(delivery)
    await log.append({ topic, partition: 0, records: [{ key: null, value, headers: { type: delivery.type, schema } }] })
  }

  const reply = (command: Command, partition: number, fields: Partial<Reply>) =>
    sendTo(command.replySlot, {
      type: 'SlotDelivery',
      slot: command.replySlot,
      epoch: command.replyEpoch,
      partition,
      replies: [{ ...nothing, request: command.request, ...fields }],
      events: [],
    })

  /** As a router does after an append. */
  const deliver = async (
    partition: number,
    event: { pos: number; schema: string; value: Uint8Array },
    users: readonly number[],
    reach?: GroupReach,
  ) => {
    const way = reach === undefined ? 'each' : flags.way
    const sendable = { ...event, audience: new Set(users), reach, way }
    const asked = [sendable]
    const found = await presence.lookup([...usersOf(asked)], [...groupsOf(asked)]).catch(() => undefined)
    const shares = found === undefined ? [{ slot: -1, epoch: 0, events: broadcast(asked) }] : routeEvents(asked, found)
    for (const share of shares) await sendTo(share.slot, { type: 'SlotDelivery', ...share, partition, replies: [] })
  }

  /** Puts an event of a conversation on the log with the next seq, and delivers it. */
  const happen = async (conversation: string, event: (seq: number) => LogEvent) => {
    const seq = (seqs.get(conversation) ?? 0) + 1
    seqs.set(conversation, seq)
    const partition = partitionOfConversation(conversation, partitions) ?? 0
    const made = event(seq)
    const audience = new Set([...(members.get(conversation) ?? []), ...membersOf(conversation, made)])
    members.set(conversation, audience)
    const placed = await append(partition, made)
    if (flags.delivers) await deliver(partition, placed, [...audience], reachIn(conversation, made))
    if (leaverOf(made) !== undefined) audience.delete(leaverOf(made) ?? 0)
    return { seq, partition, ...placed }
  }

  const post = (
    from: number,
    conversation: string,
    text: string,
    device = 'elsewhere',
    clientMsgId = newId(clock, random),
  ) =>
    happen(conversation, (seq) => ({
      ...{ type: 'MessagePosted', conversation, seq, actor: from, device, at: clock.now(), clientMsgId },
      ...{ body: Buffer.from(JSON.stringify({ kind: 'text', text })), keyId: null, replyTo: null, mentions: [] },
    }))

  /** Routers tell for so long that presence is away. */
  const sayAway = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      await sendTo(-1, { type: 'PresenceAway', awayMs: second * 1000 })
      await clock.advance(1000)
    }
  }

  let nextGroup = 1
  const route = async (command: Command, partition: number) => {
    const scripted = flags.script?.(command)
    if (scripted !== undefined) return reply(command, partition, scripted)
    if (command.type === 'PostMessage') {
      const { seq, pos } = await happen(command.conversation, (place) => ({
        ...{ ...command, type: 'MessagePosted', seq: place, at: clock.now() },
        mentions: command.mentions.flatMap(({ users }) => users.slice(0, 1)),
      }))
      return reply(command, partition, { conversation: command.conversation, seq, pos, at: clock.now() })
    }
    if (command.type === 'CreateGroup') {
      const groupId = nextGroup++ * partitions + partition + 1
      const conversation = groupConversation(groupId)
      const { seq, pos } = await happen(conversation, (place) => ({
        ...{ ...command, type: 'GroupCreated', conversation, groupId, seq: place, at: clock.now() },
        membership: 'stored',
      }))
      return reply(command, partition, { conversation, seq, pos, at: clock.now(), id: groupId })
    }
    return reply(command, partition, { outcome: 'rejected', code: 'internal' })
  }

  /** One command at a time, in the order they came. */
  let routing: Promise<unknown> = Promise.resolve()
  const routeAll = () => {
    flags.routes = true
    for (const { command, partition } of unrouted.splice(0)) routing = routing.then(() => route(command, partition))
    return routing
  }

  const takeCommands = async (partition: number) => {
    for await (const records of log.tail(topics.commands, partition, 0, new AbortController().signal))
      for (const { headers, value } of records) {
        const decoded = decodeCommand(headers.schema ?? '', value)
        if ('reason' in decoded) throw new Error(decoded.detail)
        commands.push(decoded.record)
        unrouted.push({ command: decoded.record, partition })
        if (flags.routes) void routeAll()
      }
  }
  for (let p = 0; p < partitions; p++) void takeCommands(p)

  return {
    ...{ clock, random, topics, store, log, presence, readModels, credentials, encoder, tokens, flags, commands },
    ...{ happen, post, project, projectReceipts, sendTo, append, reply, deliver, sayAway },
    /** The router wakes up: what it left lying is routed now. */
    routeAll,
    /** An account, on the log and projected. */
    addUser: async (id: number) => {
      const name = `user${id}`
      await append(partitionOfId(id, partitions), {
        ...{
          type: 'UserRegistered',
          userId: id,
          actor: id,
          device: 'd',
          at: clock.now(),
          clientMsgId: newId(clock, random),
        },
        ...{ name, normalisedName: name, registrationId: `r${id}`, displayName: Buffer.from(name), keyId: null },
      })
    },
    newId: () => newId(clock, random),
    /** As a connector with this clock signs it. */
    token: (userId: number, sessionId = `s${userId}`, by: Clock = clock) =>
      createTokens({ keys, clock: by }).sign({ userId, sessionId, device: deviceOf(0) }).accessToken,
    connector: (
      overrides: Partial<Ports> &
        Partial<
          Pick<
            ConnectorConfig,
            'capacity' | 'drainSpreadMs' | 'limits' | 'loginPolicy' | 'editWindowMs' | 'largeGroupMembers'
          >
        > = {},
    ) => {
      const {
        capacity = 100,
        drainSpreadMs = 1000,
        limits = 'off',
        loginPolicy,
        editWindowMs = 0,
        largeGroupMembers = 128,
        ...ports
      } = overrides
      const sockets = createMemorySockets()
      const health = createHealth()
      const fatal: unknown[] = []
      const service = createConnector(
        {
          ...{
            connectorId: 'c',
            publicUrl: 'http://127.0.0.1:1',
            capacity,
            drainSpreadMs,
            limits,
            loginPolicy,
            editWindowMs,
            largeGroupMembers,
          },
          tokenKeys: keys,
        },
        {
          ...{
            sockets,
            log: store.client(),
            topics,
            encoder,
            presence,
            readModels,
            credentials,
            clock,
            random,
            health,
          },
          ...{ logger: silentLogger, metrics: createMetrics({ withProcess: 'bare' }) },
          attempts: createMemoryAttempts({ clock }),
          rateLimits: createMemoryRateLimits({ clock }),
          hasher: { hash: async () => '', verify: async () => false },
          wordFilter: noWordFilter,
          onFatal: (error) => void fatal.push(error),
          ...ports,
        },
      )
      return { service, sockets, health, fatal }
    },
  }
}

export type TestWorld = Awaited<ReturnType<typeof createTestWorld>>
export type TestConnector = ReturnType<TestWorld['connector']>

const nothing: Reply = {
  ...{ request: 0, outcome: 'accepted', code: '', conversation: null, seq: null, pos: null, at: null, id: null },
}

const newId = (clock: { now(): number }, random: Random) => uuidV7(clock.now(), random)

const membersOf = (conversation: string, event: LogEvent): readonly number[] => {
  const id = parseConversation(conversation)
  if (id?.kind === 'direct') return [id.lo, id.hi]
  if (event.type === 'MemberJoined') return [event.user]
  return event.type === 'GroupCreated' ? [event.actor, ...event.members] : []
}

const leaverOf = (event: LogEvent): number | undefined =>
  event.type === 'MemberLeft' || event.type === 'MemberRemoved' ? event.user : undefined

const reachIn = (conversation: string, event: LogEvent): GroupReach | undefined => {
  if (parseConversation(conversation)?.kind !== 'group') return undefined
  return { conversation, persons: event.type === 'MemberJoined' ? [event.user] : [leaverOf(event) ?? []].flat() }
}

/** A world with a connector that is ready, and users 1 to 6. */
export const createReadyWorld = async (overrides: Parameters<TestWorld['connector']>[0] = {}) => {
  const world = await createTestWorld()
  for (let id = 1; id <= 6; id++) await world.addUser(id)
  const connector = world.connector(overrides)
  await connector.service.start()
  return { world, connector }
}

/** The device with this number. */
export const deviceOf = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

/** A client that said hello and was welcomed. */
export const connect = async (
  world: TestWorld,
  { sockets }: TestConnector,
  userId: number,
  options: { readonly device?: number; readonly sync?: string; readonly session?: string; readonly clock?: Clock } = {},
): Promise<MemoryClient> => {
  const client = sockets.connect()
  const { device = userId, sync, session, clock = world.clock } = options
  client.send({
    ...{ op: 'hello', ref: 0, token: world.token(userId, session, clock), device: deviceOf(device) },
    ...(sync === undefined ? {} : { sync }),
  })
  await world.clock.settle()
  return client
}

/** Sends a request and lets everything settle; the answer is the only one. */
export const ask = async ({ clock }: TestWorld, client: MemoryClient, frame: object): Promise<Frame> => {
  client.send({ ref: 1, ...frame })
  await clock.settle()
  const { ref = 1 } = frame as { ref?: number }
  const answers = client.answers(ref)
  if (answers.length !== 1) throw new Error(`${answers.length} answers to ${JSON.stringify(frame)}`)
  return answers[0] ?? {}
}

/** What a client was pushed, as `conversation:seq`. */
export const pushed = (client: MemoryClient): readonly string[] =>
  client.pushes('event').map(({ conversation, seq }) => `${conversation}:${seq}`)

/** The log, but what `fails` names cannot be reached. */
export const failing = (log: EventLog, fails: () => boolean): EventLog => ({
  ...log,
  append: (batch) =>
    fails() && batch.topic.kind === 'commands'
      ? Promise.reject(new Fault('log_unavailable', 'away'))
      : log.append(batch),
})
