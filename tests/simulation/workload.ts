import type { Random } from '@chat/runtime'
import { directConversation } from '@chat/schemas'
import type { Device } from './client/device.ts'
import { actOnMessage, befriend, ruleGroup } from './deeds.ts'
import { type Group, pick, type Surroundings } from './surroundings.ts'
import type { World } from './world.ts'

/** What people do with their devices, until told to stop. */
export interface Workload {
  stop(): void
}

/** Between two doings of a device, ms, on average. */
const pauseMs = 550
/** Messages that a person pastes at once. */
const burstMax = 5

export const startWorkload = (world: World, devices: readonly Device[]): Workload => {
  const random = world.fork()
  const groups: Group[] = []
  const around = { random, groups, devices, clock: world.clock }
  let isStopped = false
  for (const device of devices) {
    const act = () => {
      if (isStopped) return
      doSomething(device, around)
      world.later(-Math.log(1 - random.fraction()) * pauseMs, 'a person acts', act)
    }
    world.later(random.fraction() * pauseMs, 'a person acts', act)
  }
  return {
    stop: () => {
      isStopped = true
    },
  }
}

const doSomething = (device: Device, around: Surroundings): void => {
  const { random, groups } = around
  const kind = random.fraction()
  if (kind < 0.48) talk(device, around)
  else if (kind < 0.62) moveCursor(device, random)
  else if (kind < 0.65) device.sync()
  else if (kind < 0.69 || groups.length === 0) createGroup(device, around)
  else if (kind < 0.79) comeOrGo(device, around)
  else if (kind < 0.92) actOnMessage(device, random)
  else if (kind < 0.97) ruleGroup(device, around)
  else befriend(device, around)
}

const comeOrGo = (device: Device, { random, groups }: Surroundings): void => {
  const { conversation = '', owner = 0 } = pick(groups, random) ?? {}
  // An owner stays: a group without members is of no interest any more.
  const op = random.fraction() < 0.6 || owner === device.account.userId ? 'group.join' : 'group.leave'
  device.write({ op, conversation, fields: { conversation } })
}

const talk = (device: Device, { random, groups, devices }: Surroundings): void => {
  const count = random.fraction() < 0.25 ? 1 + Math.floor(random.fraction() * burstMax) : 1
  const peer = (pick(devices, random) ?? device).account.userId
  const group = random.fraction() < 0.55 ? pick(groups, random)?.conversation : undefined
  const conversation = group ?? directConversation(device.account.userId, peer)
  // Both forms of the protocol name a direct conversation.
  const to = group === undefined && random.fraction() < 0.5 ? { user: peer } : { conversation }
  for (let sent = 0; sent < count; sent++) send(device, conversation, to)
}

export const send = (device: Device, conversation: string, to: object, clientMsgId = device.newId()): void =>
  device.writeAs({
    ...{ op: 'send', conversation, clientMsgId },
    fields: { to, directed: conversation, body: { kind: 'text', text: `${device.id} ${clientMsgId}` } },
  })

const moveCursor = (device: Device, random: Random): void => {
  const conversation = pick(device.view.conversations(), random)
  if (conversation === undefined) return
  const seq = Math.ceil(random.fraction() * device.view.coveredTo(conversation))
  if (seq > 0) device.ask({ op: random.fraction() < 0.5 ? 'read' : 'delivered', conversation, seq })
  if (seq % 3 === 1) device.ask({ op: 'typing', conversation, isTyping: seq % 2 === 1 })
}

const createGroup = (device: Device, { random, groups, devices }: Surroundings): void => {
  const members = devices.map(({ account }) => account.userId).filter(() => random.fraction() < 0.4)
  const history = random.fraction() < 0.5 ? 'all' : 'sinceJoin'
  const clientMsgId = device.newId()
  device.writeAs({
    ...{ op: 'group.create', conversation: `new ${clientMsgId}`, clientMsgId },
    fields: {
      ...{ name: `g${clientMsgId.slice(0, 30)}`, title: 'a group', visibility: 'public', joinPolicy: 'open', history },
      members: [...new Set(members)],
    },
    onAccepted: (frame) => void groups.push({ conversation: String(frame.conversation), owner: device.account.userId }),
  })
}
