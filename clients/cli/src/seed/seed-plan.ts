/** What the seed makes, by numbers alone: the same numbers are the same users, rooms and messages. Pure. */
export interface SeedSize {
  readonly users: number
  readonly rooms: number
  readonly messages: number
}

export interface PlannedMessage {
  /** From 1. */
  readonly number: number
  readonly room: number
  readonly author: number
  readonly text: string
}

/** Rooms that a user is in, if there are so many. */
const roomsPerUser = 3

export const userName = (user: number): string => `user${user}`
export const roomName = (room: number): string => `room${room}`

/** Users by number, the owner first. */
export const membersOf = (room: number, { users, rooms }: SeedSize): readonly number[] => {
  const owner = ownerOf(room, users)
  const members = [owner]
  for (let user = 1; user <= users; user++) {
    const distance = (room - 1 - ((user - 1) % rooms) + rooms) % rooms
    if (user !== owner && distance < Math.min(roomsPerUser, rooms)) members.push(user)
  }
  return members
}

export const ownerOf = (room: number, users: number): number => ((room - 1) % users) + 1

/** Message `number` of the whole seed: the rooms take turns, and in each its members. */
export const messageAt = (number: number, size: SeedSize, members: readonly (readonly number[])[]): PlannedMessage => {
  const room = ((number - 1) % size.rooms) + 1
  const authors = members[room - 1] ?? []
  const author = authors[Math.floor((number - 1) / size.rooms) % authors.length] ?? 1
  return { number, room, author, text: `${sentence(number)} (seed ${number})` }
}

/** The number of a message that the seed wrote; undefined: somebody else did. */
export const numberIn = (text: string): number | undefined => {
  const found = /\(seed (\d{1,9})\)$/.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

const openings = [
  'Has anybody seen',
  'I like',
  'Tomorrow I bring',
  'Where is',
  'Please look at',
  'We should talk about',
  '今天看到了',
  '明日は',
]
const things = [
  'the tea',
  'the roadmap',
  'a new kettle',
  'the release',
  'my bicycle',
  'the garden',
  'the numbers of last week',
  '新的计划',
  '猫の写真',
  'the meeting notes',
  'that song',
  'the train',
]
const endings = ['?', '!', '.', ' again.', ' 👍', ' 🙂', ', what do you think?', ', 谢谢!']

const sentence = (number: number): string =>
  `${pick(openings, number, 1)} ${pick(things, number, 2)}${pick(endings, number, 3)}`

/** Scattered, but always the same: the finaliser of MurmurHash3. */
const pick = (from: readonly string[], number: number, salt: number): string => {
  let mixed = Math.imul(number + Math.imul(salt, 0x9e37_79b9), 0x85eb_ca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  mixed ^= mixed >>> 16
  return from[(mixed >>> 0) % from.length] ?? ''
}
