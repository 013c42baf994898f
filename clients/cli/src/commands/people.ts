import type { Command, PresenceOf } from '../command.ts'
import { usageError } from '../exit.ts'
import { type PageBounds, pagesOf } from '../pages.ts'
import { allConversations, findUser } from '../targets.ts'
import { localMinute, span } from '../text/moments.ts'
import { safeLine } from '../text/safe-text.ts'
import { conversationLine } from './groups.ts'

const whoami: Command = {
  name: 'whoami',
  words: { min: 0, max: 0 },
  summary: 'Who is logged in, asked of the server.',
  run: async ({ asking, print }) => {
    const { user } = await asking.read('me', {})
    print({ user }, `${safeLine(user.name)} (${safeLine(user.displayName)}, ${user.id})`)
  },
}

const users: Command = {
  name: 'users',
  takes: '[QUERY]',
  words: { min: 0, max: 1 },
  options: { limit: { takes: 'N', about: 'so many at most, 50 by default' } },
  summary: 'People whose name begins like this, then those with similar names.',
  run: async ({ asking, print, note }, args) => {
    const limit = args.number('limit', 1, 10_000) ?? 50
    const [query] = args.words
    let count = 0
    const read = (bounds: PageBounds) => asking.read('users', { ...bounds, ...(query !== undefined && { query }) })
    for await (const { items } of pagesOf(read, limit)) {
      for (const user of items) print(user, `${safeLine(user.name)}  ${safeLine(user.displayName)}`)
      count += items.length
    }
    if (count === 0) note('nobody')
  },
}

const stats: Command = {
  name: 'stats',
  takes: 'NAME',
  words: { min: 1, max: 1 },
  summary: 'A user: since when he is online or when he was seen last, and since when he is here.',
  run: async (context, { words: [name = ''] }) => {
    const user = await findUser(context, name)
    const [presence] = await context.presence([user.id])
    const nowMs = context.clock.now()
    const onlineMs = presence?.online && presence.since !== undefined ? nowMs - Date.parse(presence.since) : undefined
    const value = {
      user,
      ...(presence === undefined ? {} : { online: presence.online }),
      ...(onlineMs === undefined ? {} : { since: presence?.since, onlineMs: Math.max(0, onlineMs) }),
      ...(presence?.lastSeenAt === undefined ? {} : { lastSeenAt: presence.lastSeenAt }),
    }
    const lines = [
      `${safeLine(user.name)} (${safeLine(user.displayName)}, ${user.id})`,
      presenceLine(presence, nowMs),
      `here since ${localMinute(user.createdAt)}`,
    ]
    context.print(value, lines.join('\n'))
  },
}

export const presenceLine = (presence: PresenceOf | undefined, nowMs: number): string => {
  if (presence === undefined) return 'nobody can tell now whether he is online'
  const { online, since, lastSeenAt } = presence
  if (online) return since === undefined ? 'online' : `online for ${span(nowMs - Date.parse(since))}`
  if (lastSeenAt === undefined) return 'offline'
  return `offline, seen ${span(nowMs - Date.parse(lastSeenAt))} ago (${localMinute(lastSeenAt)})`
}

const conversations: Command = {
  name: 'conversations',
  words: { min: 0, max: 0 },
  options: { unread: { about: 'only those with unread messages' } },
  summary: 'Your conversations, the newest first, with what is unread.',
  run: async (context, args) => {
    let count = 0
    for await (const conversation of allConversations(context)) {
      if (args.has('unread') && conversation.unread === 0) continue
      count++
      context.print(conversation, conversationLine(conversation, context))
    }
    if (count === 0) context.note(args.has('unread') ? 'all is read' : 'no conversations yet: send NAME TEXT…')
  },
}

const sessions: Command = {
  name: 'sessions',
  words: { min: 0, max: 0 },
  summary: 'Where you are logged in.',
  run: async ({ asking, print }) => {
    for await (const { items } of pagesOf((bounds) => asking.read('sessions', bounds)))
      for (const session of items) {
        const current = session.current ? '  this one' : ''
        print(session, `${safeLine(session.session)}  used ${localMinute(session.lastUsedAt)}${current}`)
      }
  },
}

const sessionsEnd: Command = {
  name: 'sessions end',
  takes: '[SESSION]',
  words: { min: 0, max: 1 },
  options: { others: { about: 'all but this one' } },
  summary: 'Ends a session of yours, or all others.',
  run: async ({ asking, print }, args) => {
    const [session] = args.words
    if (args.has('others') === (session !== undefined)) throw usageError('a session, or --others')
    const ok = await asking.write('session.end', session === undefined ? { others: true } : { session })
    print(ok, session === undefined ? `ended ${ok.ended ?? 0}` : 'ended')
  },
}

const request: Command = {
  name: 'request',
  takes: 'OP [JSON]',
  words: { min: 1, max: 2 },
  summary: 'Any other request of the protocol with its fields as JSON; prints the answer.',
  run: async ({ asking, print }, { words: [op = '', json = '{}'] }) => {
    const answer = await asking.raw(op, parseFields(json))
    print(answer, safeLine(JSON.stringify(answer)))
  },
}

const parseFields = (json: string): Readonly<Record<string, unknown>> => {
  try {
    const fields: unknown = JSON.parse(json)
    if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return { ...fields }
  } catch {
    // Told below, like JSON that is no object.
  }
  throw usageError('the fields of a request are a JSON object')
}

export const peopleCommands: readonly Command[] = [whoami, users, stats, conversations, sessions, sessionsEnd, request]
