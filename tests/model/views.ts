import type { Person } from '../memory/people.ts'
import type { Asking, Fields } from './asking.ts'
import { type Conversation, stateAt, type User } from './conversation.ts'
import type { Group } from './group.ts'
import { type House, viewsOf } from './house.ts'
import { isRoom } from './room.ts'

/** What each person is shown in the end, against what he should be: histories, members, friends, unread counts. */
export const viewDifferences = async (
  ask: Asking,
  people: ReadonlyMap<User, Person>,
  house: House,
): Promise<readonly string[]> => {
  const differences: string[] = []
  const compare = (what: string, is: unknown, ought: unknown) => {
    const [a, b] = [JSON.stringify(is), JSON.stringify(ought)]
    if (a !== b) differences.push(`${what}: ${a.slice(0, 2000)}, not ${b.slice(0, 2000)}`)
  }
  for (const [user, person] of people) {
    const reads = createReads(ask, person)
    const unreads = new Map((await reads.all('conversations')).map(({ id, unread }) => [String(id), unread]))
    for (const { conversation, sees, last } of viewsOf(house, user)) {
      const { id } = conversation
      const shown = conversation.entries.filter(({ seq }) => sees(seq))
      const events = await reads.history(id)
      compare(`${user} in ${id}`, events.map(placeOf), shown.map(placeOf))
      const messages = shown.flatMap(({ seq }) => {
        const message = conversation.messages.get(seq)
        return message === undefined ? [] : [{ seq, ...ordered(stateAt(message, last)) }]
      })
      const isMessage = ({ type }: Fields) => type === 'messagePosted'
      compare(`messages of ${id} for ${user}`, events.filter(isMessage).map(shownState), messages)
      if (isInside(conversation, user))
        compare(`unread of ${user} in ${id}`, unreads.get(id), unreadOf(conversation, user, sees))
    }
    compare(
      `friends of ${user}`,
      sorted((await reads.all('friends')).map((item) => userOf(item))),
      friendsOf(house, user),
    )
  }
  for (const group of house.groups) {
    const [someone] = group.members.keys()
    const person = someone === undefined ? undefined : people.get(someone)
    if (person === undefined) continue
    const members = (await createReads(ask, person).all('members', { conversation: group.id })).map(
      (item) => [userOf(item), item.role] as const,
    )
    compare(`members of ${group.id}`, sortedPairs(members), sortedPairs(rolesOf(group)))
  }
  return differences
}

const createReads = (ask: Asking, person: Person) => {
  const read = (frame: Fields) => ask(person, frame)
  return {
    /** Every page of a list. */
    all: async (op: string, fields: Fields = {}): Promise<readonly Fields[]> => {
      const items: Fields[] = []
      let after: unknown
      do {
        const page = await read({ op, ...fields, ...(after === undefined ? {} : { after }) })
        items.push(...((page.items ?? []) as readonly Fields[]))
        after = page.next
      } while (after !== undefined)
      return items
    },
    history: async (conversation: string): Promise<readonly Fields[]> => {
      const events: Fields[] = []
      for (let after = 0; ; ) {
        const page = await read({ op: 'history', conversation, after, limit: 200 })
        events.push(...((page.events ?? []) as readonly Fields[]))
        if (page.hasMore !== true) return events
        after = Number(page.to)
      }
    },
  }
}

const placeOf = ({
  seq,
  type,
  actor,
}: {
  readonly seq?: unknown
  readonly type?: unknown
  readonly actor?: unknown
}) => [seq, type, actor]

const ordered = (state: ReturnType<typeof stateAt>) =>
  'reactions' in state ? { ...state, reactions: countsOf(state.reactions ?? []) } : state

const shownState = ({ seq, data }: Fields) => {
  const { deleted, body, editedSeq, reactions } = data as Fields
  if (deleted === true) return { seq, deleted, ...(body === undefined ? {} : { body }) }
  const counts = ((reactions ?? []) as readonly { readonly emoji: string; readonly count: number }[]).map(
    ({ emoji, count }) => [emoji, count] as const,
  )
  return { seq, text: (body as Fields).text, editedSeq: editedSeq ?? null, reactions: countsOf(counts) }
}

const countsOf = (counts: readonly (readonly [string, number])[]) =>
  sortedPairs(counts.filter(([, count]) => count > 0))

const isInside = (conversation: Conversation, user: User): boolean =>
  !('members' in conversation) || (conversation as Group).members.has(user)

const unreadOf = (conversation: Conversation, user: User, sees: (seq: number) => boolean): number => {
  if (isRoom(conversation)) return 0
  return [...conversation.messages].filter(([seq, { author, isDeleted }]) => sees(seq) && author !== user && !isDeleted)
    .length
}

const friendsOf = ({ directs }: House, user: User): readonly User[] =>
  sorted(
    [...directs.values()].flatMap(({ lo, hi, areFriends }) =>
      areFriends && (lo === user || hi === user) ? [lo === user ? hi : lo] : [],
    ),
  )

const rolesOf = ({ members }: Group) => [...members].map(([user, { role }]) => [user, role] as const)

const userOf = ({ user }: Fields): number => Number((user as { readonly id?: unknown }).id)

const sorted = (users: readonly User[]): readonly User[] => users.toSorted((a, b) => a - b)
const sortedPairs = <A extends string | number, B>(pairs: readonly (readonly [A, B])[]) =>
  pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))
