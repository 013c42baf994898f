import type { Random } from '@chat/runtime'
import { directConversation, partitionOfId, type ReportResolved } from '@chat/schemas'
import { groupImported, userImported, userReinstated, userSuspended } from '../given-accounts.ts'
import { messageReported, reportResolved } from '../given-acts.ts'
import type { Story } from './read-models-story.ts'

const friendEvents = [
  'FriendRequested',
  'FriendAccepted',
  'FriendRemoved',
  'FriendDeclined',
  'FriendWithdrawn',
] as const

export interface RandomHistory {
  /** So many more things happen. */
  continue(count: number): void
  /** Everybody of the history. */
  readonly users: readonly number[]
  readonly conversations: readonly string[]
}

const asItIs = { title: null, description: null, keyId: null, joinPolicy: null, history: null, posting: null }

/** Users, groups, joins, leaves, messages, what becomes of them, and cursors in an order that only the random numbers decide; every event is one a router could write. */
export const randomHistory = (story: Story, random: Random): RandomHistory => {
  const users: number[] = []
  const messages: { readonly conversation: string; readonly author: number; readonly seq: number }[] = []
  const members = new Map<string, Set<number>>()
  const reported: (Pick<ReportResolved, 'message' | 'user' | 'report'> & { readonly conversation: string })[] = []
  /** Everybody is in them who was there when they were made; that others are too changes nothing. */
  const rooms = new Set<string>()
  const below = (count: number) => Math.floor(random.fraction() * count)
  const pick = <T>(items: readonly T[]): T | undefined => items[below(items.length)]
  let ids = 0

  const register = () => {
    users.push(++ids)
    story.register(ids, `Name-${ids}`, pick(['Ann', 'Böb', '🦊 fox', '']) ?? '')
  }
  const found = () => {
    const owner = pick(users) ?? 1
    const others = users.filter(() => random.fraction() < 0.3)
    const history = random.fraction() < 0.5 ? 'all' : 'sinceJoin'
    const name = random.fraction() < 0.5 ? { name: `Group-${ids + 1}` } : {}
    const conversation = story.group(++ids, owner, { ...name, history, members: others.filter((id) => id !== owner) })
    members.set(conversation, new Set([owner, ...others]))
  }
  const openRoom = () => {
    const room = story.group(++ids, pick(users) ?? 1, { name: `Room-${ids}`, history: 'all', membership: 'online' })
    members.set(room, new Set(users))
    rooms.add(room)
  }
  const talk = () => {
    const [a, b] = [pick(users) ?? 1, pick(users) ?? 1]
    members.set(story.direct(a, b), new Set([a, b]))
  }
  /** A group whose members come and go. */
  const isStored = (conversation: string) => conversation.startsWith('g') && !rooms.has(conversation)
  const inSome = (act: (conversation: string, inside: Set<number>) => void) => {
    const conversation = pick([...members.keys()])
    const inside = conversation === undefined ? undefined : members.get(conversation)
    if (conversation !== undefined && inside !== undefined) act(conversation, inside)
  }
  const post = () =>
    inSome((conversation, inside) => {
      const author = pick([...inside])
      if (author !== undefined) messages.push({ conversation, author, seq: story.post(conversation, author) })
    })
  /** Something becomes of a message that is there. */
  const change = () => {
    const at = below(messages.length)
    const message = messages[at]
    if (message === undefined) return
    const { conversation, author, seq } = message
    const user = pick([...(members.get(conversation) ?? [])])
    if (user === undefined) return
    const what = below(8)
    if (what < 2) story.edit(conversation, author, seq, `edit ${story.lastSeq(conversation)}`)
    else if (what < 5) story.react(conversation, user, seq, pick(['👍', '🎉', '❤️']) ?? '👍', random.fraction() < 0.7)
    else if (what < 7) story.pin(conversation, user, seq, random.fraction() < 0.7)
    else {
      story.remove(conversation, user, seq, author)
      messages.splice(at, 1)
    }
  }
  const join = () =>
    inSome((conversation, inside) => {
      const user = pick(users) ?? 1
      if (!isStored(conversation) || inside.has(user)) return
      story.join(conversation, user)
      inside.add(user)
    })
  const leave = () =>
    inSome((conversation, inside) => {
      const user = pick([...inside])
      if (!isStored(conversation) || user === undefined) return
      story.leave(conversation, user)
      inside.delete(user)
    })
  /** What those who run a group do: of what is not allowed here, nothing is checked when it is projected either. */
  const lead = () =>
    inSome((conversation, inside) => {
      const [actor, member, user] = [pick([...inside]), pick([...inside]), pick(users) ?? 1]
      if (!isStored(conversation) || actor === undefined || member === undefined) return
      const out = pick(['MemberRemoved', 'MemberBanned'] as const) ?? 'MemberBanned'
      const { act } = story
      const some = [
        () => act(conversation, actor, { type: 'MemberMuted', user: member, untilMs: below(2) * 9_000_000_000_000 }),
        () =>
          act(conversation, actor, { type: 'RoleChanged', user: member, role: pick(['admin', 'owner']) ?? 'member' }),
        () =>
          act(conversation, actor, { type: 'GroupChanged', ...asItIs, history: pick(['all', 'sinceJoin']) ?? null }),
        () =>
          act(conversation, actor, { type: 'GroupChanged', ...asItIs, posting: 'admins', title: Buffer.from('🦊') }),
        () => {
          inside.delete(member)
          act(conversation, actor, { type: out, user: member })
        },
        ...(['MemberInvited', 'JoinRequested', 'JoinRefused', 'MemberUnbanned'] as const).map((type) => () => {
          if (!inside.has(user)) act(conversation, actor, { type, user })
        }),
      ]
      pick(some)?.()
    })
  const read = () =>
    inSome((conversation, inside) => {
      const user = pick([...inside]) ?? pick(users) ?? 1
      const seq = below(story.lastSeq(conversation) + 2)
      story.receipt(conversation, user, { delivered: seq, read: below(seq + 1) }, pick(['phone', 'desk']) ?? 'phone')
    })
  /** Friendship and blocks of two, whether they make sense or not: rows do not depend on what was before. */
  const relate = () => {
    const [a, b] = [pick(users) ?? 1, pick(users) ?? 1]
    if (a === b) return
    const block = pick(['UserBlocked', 'UserUnblocked', undefined, undefined] as const)
    if (block !== undefined) return void story.block(block, a, b)
    story.befriend(pick(friendEvents) ?? 'FriendRequested', a, b, pick(['', 'Hé 🦊\\', 'tab\t']) ?? '')
    members.set(directConversation(a, b), new Set([a, b]))
  }
  const report = () =>
    inSome((conversation, inside) => {
      const options = { reason: Buffer.from(pick(['', 'Hé 🦊\\', 'tab\t']) ?? ''), at: below(1e12) }
      const [by, seq] = [pick([...inside]) ?? 1, below(story.lastSeq(conversation)) + 1]
      const { pos } = story.raw(story.partitionOf(conversation), messageReported(by, conversation, seq, options))
      reported.push({ conversation, message: seq, user: by, report: pos })
    })
  const resolve = () => {
    const report = pick(reported)
    if (report === undefined) return
    const { conversation, ...about } = report
    const event = reportResolved(pick(users) ?? 1, conversation, { ...about, at: below(1e12) })
    story.raw(story.partitionOf(conversation), event)
  }
  const stand = () => {
    const id = pick(users) ?? 1
    const of = random.fraction() < 0.5 ? userSuspended : userReinstated
    story.raw(partitionOfId(id, story.events.length), of(1, id, { clientMsgId: `standing-${below(1e6)}` }))
  }
  /** Two may claim one number. */
  const move = () => {
    const options = { dialect: pick(['json-to', 'unit']) ?? '', clientMsgId: `move-${below(1e6)}` }
    const group = pick([...members.keys()].filter((id) => id.startsWith('g')))
    const id = pick(users) ?? 1
    if (group === undefined || random.fraction() < 0.5)
      story.raw(partitionOfId(id, story.events.length), userImported(id, 1 + below(9), options))
    else story.raw(story.partitionOf(group), groupImported(group, 1 + below(9), options))
  }
  const acts = [
    stand,
    move,
    report,
    resolve,
    register,
    found,
    openRoom,
    talk,
    join,
    leave,
    lead,
    lead,
    relate,
    relate,
    read,
    read,
    read,
    ...Array<() => void>(7).fill(post),
    change,
    change,
    change,
  ]

  return {
    users,
    get conversations() {
      return [...members.keys()]
    },
    continue: (count) => {
      if (users.length === 0) register()
      for (let done = 0; done < count; done++) (pick(acts) ?? post)()
    },
  }
}
