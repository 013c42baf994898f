import { directConversation } from '@chat/schemas'
import { createSeededRandom } from '@chat/testkit'
import type { EventColumns, HistoryEvent, SeenEvent } from '../../history.ts'
import { foldPartition } from '../i07-read-models.ts'
import { within } from '../log-facts.ts'
import { createStoryDevice, type StoryDevice, type StoryWorld } from './device.ts'
import { createStoryServer, storyWallMs } from './server.ts'
import { createTimeline } from './timeline.ts'

export interface StoryOptions {
  readonly seed: number
  readonly messages: number
  readonly users: number
  readonly groups: number
  /** Every second user has a second device. */
  readonly pageEventsMax: number
}

const partitions = 4
/** Longer than anything on its way needs to arrive, ms. */
const settleMs = 200
/** Longer than presence may take to be right, ms. */
const quietMs = 31_000

/** A history as a system without faults of its own would give it: seeded, whatever is cut, given up, left or asked for twice. */
export const createCleanHistory = async (options: StoryOptions): Promise<readonly HistoryEvent[]> => {
  const story = createStory(options)
  story.begin()
  for (const half of [options.messages >> 1, options.messages - (options.messages >> 1)]) {
    for (let message = 0; message < half; ) message += story.step() === 'sent' ? 1 : 0
    story.fault()
  }
  story.heal()
  await story.dump()
  return story.history
}

type World = ReturnType<typeof createWorld>

const createWorld = (options: StoryOptions) => {
  const random = createSeededRandom(options.seed)
  const timeline = createTimeline()
  const history: HistoryEvent[] = []
  const between = (least: number, most: number) => least + Math.floor(random.fraction() * (most - least + 1))
  const server = createStoryServer(partitions, timeline.now)
  const devicesOf = new Map<number, StoryDevice[]>()
  const receiptsAt = new Map<string, number>()
  /** Nothing is lost, cut or left until then: a probe is on its way. */
  const calm = { untilMs: 0 }
  const isCalm = () => timeline.now() < calm.untilMs
  const record = (line: HistoryEvent) => void history.push(line)
  const each = (users: Iterable<number>, visit: (device: StoryDevice) => void) => {
    for (const user of users) for (const device of devicesOf.get(user) ?? []) visit(device)
  }
  /** After a while, if the device's present connection still stands. */
  const reach = (device: StoryDevice, ms: number, run: () => void) => {
    const connection = device.connection()
    if (connection === 0) return
    timeline.after(ms, () => {
      if (device.connection() === connection) run()
    })
  }

  const fanOut: StoryWorld['fanOut'] = ({ conversation, seen }, audience) =>
    each(audience, (device) => {
      const isLost = !isCalm() && random.fraction() < 0.01 // Pushes are hints.
      if (!isLost) reach(device, between(1, 30), () => device.push(conversation, seen))
    })

  const onCursor: StoryWorld['onCursor'] = (user, conversation) => {
    const members = server.conversations.get(conversation)?.members ?? new Set<number>()
    each(members, (device) => {
      if (device.user === user) return
      const cursor = server.cursorOf(user, conversation)
      const at = Math.max(receiptsAt.get(device.device) ?? 0, timeline.now() + between(1, 30))
      receiptsAt.set(device.device, at)
      reach(device, at - timeline.now(), () =>
        record({ what: 'receiptPushed', at: timeline.now(), device: device.device, conversation, user, ...cursor }),
      )
    })
  }

  const isOnline = (user: number) => devicesOf.get(user)?.some((device) => device.connection() !== 0) === true
  /** The devices of the first user watch the others, and tell what they are told. */
  const watched = Array.from({ length: Math.min(options.users - 1, 5) }, (_, index) => index + 2)
  const tell = (user: number, device: StoryDevice) =>
    reach(device, between(1, 3000), () => {
      const line = { what: 'presenceSeen', at: timeline.now(), device: device.device, user } as const
      record({ ...line, isOnline: isOnline(user) })
    })
  const onPresence: StoryWorld['onPresence'] = (user) => {
    if (user === 1) each([1], (device) => watched.forEach((other) => void tell(other, device)))
    else if (watched.includes(user)) each([1], (device) => tell(user, device))
  }

  const { pageEventsMax } = options
  const world: StoryWorld = { timeline, server, between, record, random, pageEventsMax, fanOut, onCursor, onPresence }
  return { ...world, history, devicesOf, calm, isCalm }
}

const createStory = (options: StoryOptions) => {
  const world = createWorld(options)
  const { timeline, server, between, record, random, history, devicesOf, calm, isCalm } = world
  const devices: StoryDevice[] = []
  let messages = 0
  let faults = 0

  const pick = <T>(items: readonly T[]): T => {
    const item = items[between(0, items.length - 1)]
    if (item === undefined) throw new Error('nothing to pick')
    return item
  }

  const measure = (phase: 'start' | 'end') => {
    for (const process of ['connector 1', 'router 1', 'projector 1'])
      for (let sample = 0; sample < 3; sample++) {
        const bytes = { rssBytes: between(100, 105) * 2 ** 20, heldBytes: between(40, 42) * 2 ** 20 }
        const sizes = { ...bytes, handles: between(40, 42), timers: between(20, 21) }
        record({ what: 'measured', at: timeline.now(), process, phase, ...sizes })
      }
  }

  const begin = () => {
    record({ what: 'started', at: 0, label: `story ${options.seed}`, wallMs: storyWallMs, clockErrorMs: 5 })
    for (let user = 1; user <= options.users; user++) {
      server.register(user, `user${user}`)
      for (let nth = 0; nth <= user % 2; nth++) {
        const id = `00000000-0000-4000-8000-${String(user * 10 + nth).padStart(12, '0')}`
        const device = createStoryDevice(world, user, id)
        record({ what: 'device', at: 0, device: id, user })
        within(devicesOf, user, () => []).push(device)
        devices.push(device)
        device.connect()
      }
    }
    measure('start')
    for (let group = 0; group < options.groups; group++) {
      const owner = pick(devices)
      const members = new Set(Array.from({ length: between(1, 4) }, () => between(1, options.users)))
      members.delete(owner.user)
      owner.createGroup([...members], group % 2 === 0 ? 'all' : 'sinceJoin')
    }
    timeline.runTo(timeline.now() + settleMs)
  }

  const groupOf = () => pick([...server.conversations.keys()].filter((id) => id.startsWith('g')))

  const send = (device: StoryDevice) => {
    const own = [...server.conversations.values()].filter(({ members }) => members.has(device.user))
    const text = `message ${messages++} ✓`
    const isDirect = own.length === 0 || random.fraction() < 0.1
    // Now and then to a group of which he is no member, or no longer.
    const isStranger = random.fraction() < 0.005
    if (isStranger) device.send(groupOf(), text)
    else device.send(isDirect ? directConversation(device.user, between(1, options.users)) : pick(own).id, text)
  }

  /** Some devices are cut; later all come back, and a probe goes to every conversation. */
  const fault = () => {
    const number = ++faults
    record({ what: 'faultBegun', at: timeline.now(), fault: number, name: 'connector killed', target: 'connector 1' })
    for (const device of devices) if (random.fraction() < 0.5) device.close(1006)
    timeline.runTo(timeline.now() + between(50, 500))
    record({ what: 'faultEnded', at: timeline.now(), fault: number })
    for (const device of devices) device.connect()
    calm.untilMs = timeline.now() + 3 * settleMs
    timeline.runTo(timeline.now() + settleMs)
    for (const { id: conversation, members } of server.conversations.values()) {
      const prober = devices.find(({ user }) => members.has(user))
      prober?.send(conversation, `probe ${number}`, (clientMsgId) =>
        record({ what: 'probed', at: timeline.now(), fault: number, conversation, clientMsgId }),
      )
    }
  }

  /** One thing happens. */
  const step = (): 'sent' | 'other' => {
    timeline.runTo(timeline.now() + between(0, 3))
    const device = pick(devices)
    const dice = random.fraction()
    if (device.connection() === 0) {
      if (dice < 0.2) device.connect()
      if (dice < 0.02) device.abandon()
      return 'other'
    }
    if (dice < 0.88) {
      send(device)
      return 'sent'
    }
    if (dice < 0.93) {
      const [conversation] = device.shown.keys()
      if (conversation !== undefined)
        device.read(random.fraction() < 0.5 ? conversation : pick([...device.shown.keys()]))
    } else if (dice < 0.94) device.sync()
    else if (dice < 0.95) device.act(pick([...device.shown.keys(), groupOf()]))
    else if (isCalm()) return 'other'
    else if (dice < 0.96) device.close(1006)
    else if (dice < 0.975) device.change('group.join', groupOf())
    else if (dice < 0.993) device.change('group.leave', groupOf())
    else if (random.fraction() < 0.05) fault()
    return 'other'
  }

  const heal = () => {
    for (const device of devices) device.connect()
    timeline.drain()
    for (const device of devices) device.sync()
    timeline.drain()
    timeline.runTo(timeline.now() + quietMs)
    measure('end')
  }

  return { history, begin, step, fault, heal, dump: () => dump(world, devices) }
}

/** What the log, the read models, every device and every user hold. */
const dump = async ({ timeline, server, record, devicesOf }: World, devices: readonly StoryDevice[]) => {
  const at = timeline.now()
  const log = server.logged(at)
  for (const line of log) record(line)
  record({ what: 'dumped', at, source: 'log', count: log.length })
  let rows = 0
  for (let partition = 0; partition < partitions; partition++) {
    const ofTopic = (topic: 'events' | 'receipts') =>
      log.filter((line) => line.partition === partition && line.topic === topic)
    const fold = await foldPartition(partition, { events: ofTopic('events'), receipts: ofTopic('receipts') })
    for (const table of Object.keys(fold) as (keyof typeof fold)[])
      for (const row of fold[table]) {
        record({ what: 'row', at, table, row })
        rows++
      }
  }
  record({ what: 'dumped', at, source: 'rows', count: rows })
  let states = 0
  for (const device of devices)
    for (const [conversation, events] of device.shown) {
      const sorted = [...events.values()].sort((a, b) => a.seq - b.seq)
      const coveredTo = device.coveredTo(conversation)
      record({ what: 'deviceState', at, device: device.device, conversation, coveredTo, ...columnsOf(sorted) })
      states++
    }
  record({ what: 'dumped', at, source: 'devices', count: states })
  let histories = 0
  for (const { id: conversation, events, messages, stays, members } of server.conversations.values())
    for (const user of [...stays.keys()].filter((member) => devicesOf.has(member))) {
      const readable = server.readable(user, conversation, 1, Number.POSITIVE_INFINITY)
      const columns = columnsOf(readable.map((seq) => server.shownTo(user, conversation, seq)))
      const { readSeq } = server.cursorOf(user, conversation)
      const unread = readable.filter((seq) => {
        const event = events[seq - 1]
        return seq > readSeq && event?.type === 'messagePosted' && event.actor !== user && !messages.isDeleted(seq)
      }).length
      const view = members.has(user) ? { unread, readSeq } : { unread: null, readSeq: null }
      record({ what: 'userHistory', at, user, conversation, ...columns, ...view })
      histories++
    }
  record({ what: 'dumped', at, source: 'histories', count: histories })
}

const columnsOf = (events: readonly SeenEvent[]): EventColumns => ({
  seqs: events.map(({ seq }) => seq),
  clientMsgIds: events.map(({ clientMsgId }) => clientMsgId),
  prints: events.map(({ print }) => print),
})
