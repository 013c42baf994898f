import { expect, test } from 'vitest'
import type { LineEvents, LoggedIn, Push } from './line.ts'
import { openSession } from './open-session.ts'

const loggedIn = { user: { id: 1, name: 'ann' } } as unknown as LoggedIn

test('what is pushed while somebody logs in is heard by his session, in order, before what comes later', async () => {
  const heard: string[] = []
  const closed: unknown[] = []
  let events: LineEvents | undefined
  const session = await openSession({
    enter: async (given) => {
      events = given
      given.onPush({ op: 'a' })
      given.onPush({ op: 'b' })
      given.onClosed() // Nobody is in yet.
      return loggedIn
    },
    open: ({ user }) => ({ user, hear: ({ op }: Push) => void heard.push(op) }),
    onClosed: (one) => void closed.push(one),
  })
  events?.onPush({ op: 'c' })
  events?.onClosed()
  expect(session).toMatchObject({ user: { name: 'ann' } })
  expect([heard, closed]).toEqual([['a', 'b', 'c'], [session]])
})

test('whoever is refused has no session', async () => {
  const open = () => expect.unreachable()
  const refused = await openSession({ enter: async () => 'online', open, onClosed: () => {} })
  expect(refused).toBe('online')
})
