import { type Device, waitUntil } from '@chat/testkit'
import type { Person } from './person.ts'
import type { Room } from './seats.ts'

/** What a crowd finds out, and has made, by somebody's browser. */
const deadlineMs = 60_000

/** Of somebody who has only just registered. */
export const idOf = async (name: string, browser: Device): Promise<number> => {
  const answer = await waitUntil(() => browser.request('user', { name }), { deadlineMs, what: `${name} is known` })
  return (answer.user as { readonly id: number }).id
}

/** All are in it when this resolves: those whose protocol can join do, the others are brought in. */
export const openRoom = async (people: readonly Person[], browser: Device): Promise<Room> => {
  const [name, title] = ['hall', 'Hall']
  const brought = people.filter(({ dialect, id }) => dialect.joinRoom === undefined && id !== browser.userId)
  const settings = { name, title, visibility: 'public', joinPolicy: 'open', members: brought.map(({ id }) => id) }
  const { conversation } = await browser.request('group.create', settings)
  const opened = { name, title, id: Number(String(conversation).slice(1)) }
  for (const { dialect, seat } of people) if (seat !== undefined) dialect.joinRoom?.(seat, opened)
  const isFull = async () => (await membersOf(String(conversation), browser)) === people.length
  await waitUntil(isFull, { deadlineMs, everyMs: 200, what: 'everybody is in the room' })
  return opened
}

const membersOf = async (conversation: string, browser: Device): Promise<number> => {
  let count = 0
  let after: unknown
  do {
    const page = { conversation, limit: 100, ...(after === undefined ? {} : { after }) }
    const { items, next } = await browser.request('members', page)
    count += (items as readonly unknown[]).length
    after = next
  } while (after !== undefined)
  return count
}
