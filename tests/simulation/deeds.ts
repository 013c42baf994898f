import type { Random } from '@chat/runtime'
import { directConversation } from '@chat/schemas'
import type { Device } from './client/device.ts'
import { pick, type Surroundings } from './surroundings.ts'

const emojis = ['👍', '❤️']

/** Something that is done to a message, whoever wrote it: what is not allowed is refused. */
export const actOnMessage = (device: Device, random: Random): void => {
  const conversation = pick(device.view.conversations(), random)
  if (conversation === undefined) return
  const seq = pick(device.view.messages(conversation), random)
  if (seq === undefined) return
  const act = (op: string, fields: object = {}) =>
    device.write({ op, conversation, fields: { conversation, seq, ...fields } })
  const emoji = pick(emojis, random)
  const kind = random.fraction()
  if (kind < 0.35) act('edit', { body: { kind: 'text', text: `edited at ${device.newId()}` } })
  else if (kind < 0.45) act('delete')
  else if (kind < 0.75) act('react', { emoji })
  else if (kind < 0.88) act('unreact', { emoji })
  else act(kind < 0.95 ? 'pin' : 'unpin')
}

/** Nobody is muted for longer, ms. */
export const muteMs = 1500

/** What owners and admins do, now and then tried by somebody else. */
export const ruleGroup = (device: Device, { random, groups, devices, clock }: Surroundings): void => {
  const own = groups.filter(({ owner }) => owner === device.account.userId)
  const group = pick(random.fraction() < 0.8 && own.length > 0 ? own : groups, random)
  const user = pick(devices, random)?.account.userId
  if (group === undefined || user === undefined) return
  const { conversation } = group
  const act = (op: string, fields: object) => device.write({ op, conversation, fields: { conversation, ...fields } })
  const kind = random.fraction()
  if (kind < 0.25) act('group.kick', { user })
  else if (kind < 0.4) act('group.ban', { user })
  else if (kind < 0.6) act('group.unban', { user })
  else if (kind < 0.7) act('group.mute', { user, untilMs: Math.round(clock.now()) + muteMs })
  else if (kind < 0.85) act('group.role', { user, role: random.fraction() < 0.5 ? 'admin' : 'member' })
  else act('group.change', { title: `renamed at ${device.newId()}` })
}

const friendOps = [
  'friend.request',
  'friend.request',
  'friend.accept',
  'friend.withdraw',
  'friend.decline',
  'friend.remove',
]

export const befriend = (device: Device, { random, devices }: Surroundings): void => {
  const user = pick(devices, random)?.account.userId ?? device.account.userId
  const op = pick(friendOps, random)
  if (op === undefined || user === device.account.userId) return
  device.write({ op, conversation: directConversation(device.account.userId, user), fields: { user } })
}
