import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import type { LineEvents, LoggedIn, Push } from './line.ts'
import { openSession } from './open-session.ts'

const loggedIn = { user: { id: 1, name: 'ann' } } as unknown as LoggedIn

/** Lets somebody in: `before` while he logs in, `begin` while he is answered. */
const open = async (before: (events: LineEvents) => void, begin: (events: LineEvents) => Promise<boolean>) => {
  const heard: string[] = []
  const closed: unknown[] = []
  let events: LineEvents = { onPush: () => expect.unreachable(), onClosed: () => expect.unreachable() }
  const session = await openSession({
    enter: async (given) => {
      events = given
      before(given)
      return loggedIn
    },
    open: ({ user }) => ({
      user,
      begin: async () => {
        const isBegun = await begin(events)
        heard.push('answer')
        return isBegun
      },
      hear: ({ op, message = op }: Push) => void heard.push(String(message)),
    }),
    onClosed: (one) => void closed.push(one),
  })
  return { session, events, heard, closed }
}

const notice = (message: string): Push => ({ op: 'notice', message })

test('what is pushed while somebody logs in is heard by his session, in order, before what comes later', async () => {
  const { session, events, heard, closed } = await open(
    (given) => {
      given.onPush({ op: 'a' })
      given.onPush({ op: 'b' })
      given.onClosed() // Nobody is in yet.
    },
    async () => true,
  )
  events.onPush({ op: 'c' })
  events.onClosed()
  expect(session).toMatchObject({ user: { name: 'ann' } })
  expect([heard, closed]).toEqual([['a', 'b', 'answer', 'c'], [session]])
})

test('a notice waits until the login is answered, an event does not', async () => {
  const { events, heard } = await open(
    (given) => {
      given.onPush(notice('while he logs in'))
      given.onPush({ op: 'a' })
    },
    async (given) => {
      given.onPush(notice('while he is answered'))
      given.onPush({ op: 'b' })
      return true
    },
  )
  events.onPush(notice('later'))
  expect(heard).toEqual(['a', 'b', 'answer', 'while he logs in', 'while he is answered', 'later'])
})

test.each([
  ['says so', async () => false],
  ['fails', () => Promise.reject(new Fault('away', 'the read models are away'))],
])('who cannot be answered now is told nothing: it %s', async (_, begin) => {
  const { session, heard } = await open((given) => given.onPush(notice('early')), begin)
  expect(session).toBe('notNow')
  expect(heard).not.toContain('early')
})

test('a bug is none of that', async () => {
  const bug = new Error('a bug')
  await expect(
    open(
      () => {},
      () => Promise.reject(bug),
    ),
  ).rejects.toBe(bug)
})

test('whoever is refused has no session', async () => {
  const opened = () => expect.unreachable()
  const refused = await openSession({ enter: async () => 'online', open: opened, onClosed: () => {} })
  expect(refused).toBe('online')
})
