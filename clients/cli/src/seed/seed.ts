import type { ChatEvent } from '@chat/sdk'
import { createHttp } from '../session/http.ts'
import type { Surroundings } from '../surroundings.ts'
import { allConversations } from '../targets.ts'
import { workThrough } from './pool.ts'
import type { Progress } from './progress.ts'
import { membersOf, messageAt, numberIn, ownerOf, roomName, type SeedSize, userName } from './seed-plan.ts'
import { isRefusal, type SeedUser, seedUser } from './seed-users.ts'

export interface SeedOptions extends SeedSize {
  readonly url: string
  readonly password: string
  /** Requests at once. */
  readonly atOnce: number
}

/** What was new; the rest was there. */
export interface Seeded {
  readonly rooms: number
  readonly messages: number
}

/** A server that says "later" is waited for so long with each request, ms. */
const patienceMs = 10 * 60_000
/** Pause before what was read too early is read again, ms. */
const stalePauseMs = 200
/** Members that a group may begin with. */
const createMembersMax = 1_000
const historyPage = 200
const description = 'Made by the seed.'

interface Room {
  readonly conversation: string
  /** Numbers of the messages that are there. */
  readonly known: ReadonlySet<number>
}

interface Work {
  readonly options: SeedOptions
  readonly users: readonly SeedUser[]
  readonly members: readonly (readonly number[])[]
  readonly progress: Progress
  readonly surroundings: Surroundings
}

/**
 * Makes users, public rooms and messages through the public API. What is there stays: a second run adds what is missing, also after one
 * that was ended half-way. Throws Exit.
 */
export const seed = async (options: SeedOptions, surroundings: Surroundings, progress: Progress): Promise<Seeded> => {
  const users = await seedUsers(options, surroundings, progress)
  const members = Array.from({ length: options.rooms }, (_, i) => membersOf(i + 1, options))
  const work: Work = { options, users, members, progress, surroundings }
  const rooms: Room[] = []
  let made = 0
  progress.begin('rooms', options.rooms)
  await workThrough(members.keys(), options.atOnce, async (index) => {
    const { room, isNew } = await seedRoom(index + 1, work)
    rooms[index] = room
    if (isNew) made++
    progress.advance()
  })
  const messages = await seedMessages(rooms, work)
  // Sessions are no data: a hundred runs leave none behind.
  await workThrough(users, options.atOnce, async ({ asking }) => void (await asking.raw('logout', {})))
  return { rooms: made, messages }
}

const seedUsers = async (options: SeedOptions, surroundings: Surroundings, progress: Progress) => {
  const { clock, fetchJson, stopped } = surroundings
  let isTold = false
  const onRateLimited = () => {
    if (!isTold) progress.say('the server limits rates: a server with CHAT_LIMITS=off is quicker')
    isTold = true
  }
  const http = createHttp({ url: options.url, fetchJson, clock, stopped, patienceMs, onRateLimited })
  const users: SeedUser[] = []
  const numbers = Array.from({ length: options.users }, (_, i) => i)
  progress.begin('users', options.users)
  await workThrough(numbers, options.atOnce, async (index) => {
    users[index] = await seedUser(userName(index + 1), { http, surroundings, password: options.password })
    progress.advance()
  })
  return users
}

const userAt = ({ users }: Work, number: number): SeedUser => {
  const user = users[number - 1]
  if (user === undefined) throw new Error(`there is no user ${number}`)
  return user
}

const seedRoom = async (number: number, work: Work): Promise<{ readonly room: Room; readonly isNew: boolean }> => {
  const members = work.members[number - 1] ?? []
  const owner = userAt(work, ownerOf(number, work.options.users))
  const name = roomName(number)
  const [, ...others] = members
  const first = others.slice(0, createMembersMax).map((member) => userAt(work, member).id)
  try {
    const { conversation } = await owner.asking.write('group.create', {
      ...{ name, title: `Room ${number}`, description, visibility: 'public', joinPolicy: 'open' },
      ...(first.length === 0 ? {} : { members: first }),
    })
    await joinAll(name, others.slice(createMembersMax), work)
    return { room: { conversation, known: new Set() }, isNew: true }
  } catch (error) {
    if (!isRefusal(error, 'name_taken')) throw error
  }
  await joinAll(name, members, work)
  return { room: await existingRoom(name, owner, work), isNew: false }
}

const joinAll = (name: string, members: readonly number[], work: Work): Promise<void> =>
  workThrough(members, work.options.atOnce, async (member) => {
    try {
      await userAt(work, member).asking.write('group.join', { name })
    } catch (error) {
      if (!isRefusal(error, 'already_member')) throw error
    }
  })

/** What the seed said in it. A write comes first, so that the reads behind it see everything that an earlier run wrote. */
const existingRoom = async (name: string, owner: SeedUser, { surroundings }: Work): Promise<Room> => {
  const conversation = await conversationOf(name, owner)
  const { position } = await owner.asking.write('group.change', { conversation, description })
  const known = new Set<number>()
  for (let after = 0; ; ) {
    const page = await owner.asking.read('history', { conversation, after, limit: historyPage }, position)
    if ('stale' in page) {
      await new Promise<void>((resolve) => surroundings.clock.after(stalePauseMs, resolve))
      continue
    }
    for (const event of page.events) {
      const number = numberOf(event)
      if (number !== undefined) known.add(number)
    }
    if (!page.hasMore || page.to <= after) return { conversation, known }
    after = page.to
  }
}

const conversationOf = async (name: string, owner: SeedUser): Promise<string> => {
  for await (const conversation of allConversations(owner)) if (conversation.name === name) return conversation.id
  throw new Error(`the owner of ${name} is in no such group`)
}

const numberOf = ({ type, data }: ChatEvent): number | undefined => {
  const { body } = data as { readonly body?: { readonly text?: unknown } }
  return type === 'messagePosted' && typeof body?.text === 'string' ? numberIn(body.text) : undefined
}

const seedMessages = async (rooms: readonly Room[], work: Work): Promise<number> => {
  const { options, progress } = work
  let sent = 0
  progress.begin('messages', options.messages)
  await workThrough(numbersTo(options.messages), options.atOnce, async (number) => {
    const { room, author, text } = messageAt(number, options, work.members)
    const { conversation = '', known } = rooms[room - 1] ?? {}
    if (known?.has(number) !== true) {
      const body = { kind: 'text', text } as const
      await userAt(work, author).asking.write('send', { to: { conversation }, body })
      sent++
    }
    progress.advance()
  })
  return sent
}

function* numbersTo(last: number): Generator<number> {
  for (let number = 1; number <= last; number++) yield number
}
