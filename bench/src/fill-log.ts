import { openKafkaLog } from '@chat/event-log/kafka'
import { silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { directConversation, type LogEvent, partitionOf, partitionOfConversation } from '@chat/schemas'
import type { TestWorld } from '@chat/testkit'
import { uuidV7 } from './direct.ts'
import { createPartitionWriters, type PartitionWriters, recordsMax } from './partition-writers.ts'
import { pick } from './pick.ts'

export interface FillOptions {
  /** Messages, besides what makes people and conversations. */
  readonly events: number
  readonly users: number
  readonly pairs: number
  /** The text of a message. */
  readonly textOf: (count: number) => string
  /** Groups of 2 to 60 of them. */
  readonly groups?: number
  /** Pairs that are friends, of `pairs`. */
  readonly friends?: number
  /** In how many conversations the first user is, groups before pairs. */
  readonly ofFirst?: number
}

/** What is on the log. */
export interface Filled {
  /** Name and id. */
  readonly users: readonly { readonly name: string; readonly id: number }[]
  readonly conversations: readonly Talk[]
}

/** A conversation, with the device of each of its members. */
interface Talk {
  readonly conversation: string
  readonly members: readonly (readonly [number, string])[]
  seq: number
}

/** Writes what routers would have written: people, groups, friendships, and messages in random conversations. */
export const fillLog = async ({ stack, topics }: TestWorld, options: FillOptions): Promise<Filled> => {
  const onFatal = (error: unknown) => {
    throw error
  }
  const brokers = stack.kafkaBrokers
  const log = await openKafkaLog({ brokers, clientId: 'fill', clock, random, logger: silentLogger, onFatal })
  const writers = createPartitionWriters(log, topics)
  const partitions = writers.all.length
  const at = clock.now() - 86_400_000
  for (const writer of writers.all)
    writer.add({ type: 'LogOpened', partitions, firstId: 1, hash: 'murmur2-utf8-positive', at })
  const users = registerUsers(writers, options.users, at)
  const conversations = openConversations(
    writers,
    users.map(({ id }) => id),
    options,
    at,
  )
  for (let count = 0; count < options.events; count++) {
    const talk = pick(conversations)
    writerOf(writers, talk).add(messageOf(talk, at + count, options.textOf(count)))
    if (count % (recordsMax * partitions) === 0) await writers.flush(recordsMax)
  }
  await writers.flush(1)
  await log.close()
  return { users, conversations }
}

const registerUsers = (writers: PartitionWriters, count: number, at: number): Filled['users'] =>
  Array.from({ length: count }, (_, index) => {
    const name = `filled${index}`
    const writer = writers.at(partitionOf(name, writers.all.length))
    const userId = writer.nextId()
    const by = { actor: userId, device: deviceOf(userId), at, clientMsgId: uuidV7() }
    const identity = { userId, name, normalisedName: name, registrationId: crypto.randomUUID() }
    writer.add({ type: 'UserRegistered', ...by, ...identity, displayName: Buffer.from(name), keyId: null })
    return { name, id: userId }
  })

const openConversations = (
  writers: PartitionWriters,
  users: readonly number[],
  { pairs, groups = 0, friends = 0, ofFirst = 0 }: FillOptions,
  at: number,
): readonly Talk[] => {
  const [first = 0] = users
  const opened = new Map<string, Talk>()
  for (let count = 0; count < groups; count++) {
    const others = Array.from({ length: 1 + Math.floor(Math.random() * 59) }, () => pick(users))
    const talk = openGroup(writers, [...new Set(count < ofFirst ? [first, ...others] : others)], count, at)
    opened.set(talk.conversation, talk)
  }
  for (let count = 0; count < pairs; count++) {
    const from = count < ofFirst - groups ? (users[count + 1] ?? first) : pick(users)
    const to = count < ofFirst - groups ? first : pick(users)
    const talk = talkOf(directConversation(from, to), from === to ? [from] : [from, to])
    // The same two may be drawn twice: they have one conversation.
    if (opened.has(talk.conversation)) continue
    opened.set(talk.conversation, talk)
    if (count < friends && from !== to) befriend(writers, talk, at)
  }
  return [...opened.values()]
}

const openGroup = (writers: PartitionWriters, users: readonly number[], count: number, at: number): Talk => {
  const groupId = writers.at(count % writers.all.length).nextId()
  const talk = talkOf(`g${groupId}`, users)
  const [owner = 0, ...members] = users
  const texts = { title: Buffer.from(`group ${groupId}`), description: Buffer.alloc(0), keyId: null }
  const rules = { visibility: 'private', joinPolicy: 'invite', history: 'all', name: null, normalisedName: null }
  const everybody = { members, membership: 'stored' }
  writerOf(writers, talk).add({
    type: 'GroupCreated',
    ...by(talk, owner, at),
    groupId,
    ...texts,
    ...rules,
    ...everybody,
  })
  return talk
}

const befriend = (writers: PartitionWriters, talk: Talk, at: number): void => {
  const [[asking = 0] = [], [asked = 0] = []] = talk.members
  const writer = writerOf(writers, talk)
  const note = { note: Buffer.alloc(0), keyId: null }
  writer.add({ type: 'FriendRequested', ...by(talk, asking, at), user: asked, ...note })
  writer.add({ type: 'FriendAccepted', ...by(talk, asked, at), user: asking })
}

const messageOf = (talk: Talk, at: number, text: string): LogEvent => {
  const [actor] = pick(talk.members)
  const body = Buffer.from(JSON.stringify({ kind: 'text', text }))
  return { type: 'MessagePosted', ...by(talk, actor, at), body, keyId: null, replyTo: null, mentions: [] }
}

const by = (talk: Talk, actor: number, at: number) => ({
  ...{ conversation: talk.conversation, seq: ++talk.seq, actor, device: deviceOf(actor), at, clientMsgId: uuidV7() },
})

const talkOf = (conversation: string, users: readonly number[]): Talk => ({
  ...{ conversation, members: users.map((user) => [user, deviceOf(user)] as const), seq: 0 },
})

const deviceOf = (user: number): string => `00000000-0000-4000-8000-${String(user).padStart(12, '0')}`

const writerOf = (writers: PartitionWriters, { conversation }: Talk) =>
  writers.at(partitionOfConversation(conversation, writers.all.length) ?? 0)
