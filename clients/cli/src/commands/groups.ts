import type { ConversationSummary, Member, NewGroup } from '@chat/sdk'
import { type Args, type Command, type Context, parseWhole } from '../command.ts'
import { usageError } from '../exit.ts'
import { type PageBounds, pagesOf } from '../pages.ts'
import { allConversations, findConversation, findUser } from '../targets.ts'
import { safeLine } from '../text/safe-text.ts'

const joinPolicies = ['open', 'request', 'invite'] as const
const histories = ['all', 'sinceJoin'] as const
const postings = ['all', 'admins'] as const
const roles = ['owner', 'admin', 'member'] as const

const list: Command = {
  name: 'groups',
  words: { min: 0, max: 0 },
  summary: 'Your groups, and those you are invited to.',
  run: async (context) => {
    const { print, style, asking, names } = context
    let count = 0
    for await (const group of allConversations(context)) {
      if (group.kind !== 'group') continue
      count++
      print({ type: 'group', ...group }, conversationLine(group, context))
    }
    const { invitations = [] } = await asking.read('conversations', { limit: 1 })
    await names.lookUp(invitations.map(({ by }) => by))
    for (const invitation of invitations) {
      const { conversation, title, by } = invitation
      print(
        { type: 'invitation', ...invitation },
        `${conversation}  ${safeLine(title)}  ${style.bold(`invited by ${names.of(by)}`)}`,
      )
    }
    if (count + invitations.length === 0) context.note('no groups yet: groups create TITLE, groups join NAME')
  },
}

export const conversationLine = (
  { id, title, name, role, membership, unread, closed }: ConversationSummary,
  { style }: Context,
) => {
  const notes = [
    name === undefined ? '' : `#${safeLine(name)}`,
    role === undefined ? '' : role,
    membership === undefined ? '' : 'online room',
    closed ? 'closed' : '',
    unread > 0 ? style.bold(`${unread} unread`) : '',
  ]
  return [id, safeLine(title), ...notes.filter((note) => note !== '')].join('  ')
}

const settings = {
  description: { takes: 'TEXT', about: 'what it is about' },
  join: { takes: joinPolicies.join('|'), about: 'who may join' },
  history: { takes: histories.join('|'), about: 'what those see who join' },
} as const

const settingsOf = (args: Args) => {
  const description = args.text('description')
  const joinPolicy = args.choice('join', joinPolicies)
  const history = args.choice('history', histories)
  return {
    ...(description === undefined ? {} : { description }),
    ...(joinPolicy === undefined ? {} : { joinPolicy }),
    ...(history === undefined ? {} : { history }),
  }
}

const create: Command = {
  name: 'groups create',
  takes: 'TITLE',
  words: { min: 1, max: 1 },
  options: {
    name: { takes: 'NAME', about: 'makes it public, by this name, for ever' },
    ...settings,
    member: { takes: 'NAME', isRepeated: true, about: 'in it from the start; may be repeated' },
  },
  summary: 'Creates a group: private, or public with --name.',
  run: async (context, args) => {
    const name = args.text('name')
    const members: number[] = []
    for (const member of args.texts('member')) members.push((await findUser(context, member)).id)
    const group: NewGroup = {
      title: args.words[0] ?? '',
      visibility: name === undefined ? 'private' : 'public',
      ...(name === undefined ? {} : { name: withoutHash(name) }),
      ...settingsOf(args),
      ...(members.length === 0 ? {} : { members }),
    }
    const ok = await context.asking.write('group.create', group)
    context.print(ok, `created ${ok.conversation}`)
  },
}

const join: Command = {
  name: 'groups join',
  takes: 'NAME|ID',
  words: { min: 1, max: 1 },
  summary: 'Joins a public group, or one you are invited to; where people are let in, it asks.',
  run: async (context, { words: [group = ''] }) => {
    const by = /^g\d+$/.test(group) ? { conversation: group } : { name: withoutHash(group) }
    const ok = await context.asking.write('group.join', by)
    const { conversation } = await context.asking.read('conversation', { conversation: ok.conversation })
    const isMember = conversation.role !== undefined
    context.print({ ...ok, isMember }, isMember ? `joined ${ok.conversation}` : `asked to join ${ok.conversation}`)
  },
}

const withoutHash = (name: string): string => (name.startsWith('#') ? name.slice(1) : name)

const members: Command = {
  name: 'groups members',
  takes: 'GROUP',
  words: { min: 1, max: 1 },
  summary: 'Its members with role and who is online; for admins also who asks to join.',
  run: async (context, { words: [group = ''] }) => {
    const conversation = await findConversation(context, group)
    const read = (bounds: PageBounds) => context.asking.read('members', { conversation, ...bounds })
    for await (const { items, requests = [] } of pagesOf(read)) {
      for (const member of items) context.print({ type: 'member', ...member }, memberLine(member, context))
      for (const request of requests)
        context.print({ type: 'request', ...request }, `${safeLine(request.user.name)}  asks to join`)
    }
  },
}

const memberLine = ({ user, role, online }: Member, { style }: Context): string =>
  [safeLine(user.name), role, online ? style.green('online') : ''].filter((part) => part !== '').join('  ')

const invite: Command = {
  name: 'groups invite',
  takes: 'GROUP NAME…',
  words: { min: 2, max: 101 },
  summary: 'Invites people.',
  run: async (context, { words: [group = '', ...people] }) => {
    const conversation = await findConversation(context, group)
    const users: number[] = []
    for (const person of people) users.push((await findUser(context, person)).id)
    const ok = await context.asking.write('group.invite', { conversation, users })
    context.print(ok, `invited ${people.map(safeLine).join(', ')}`)
  },
}

type MemberOp = 'group.approve' | 'group.refuse' | 'group.kick' | 'group.ban' | 'group.unban' | 'group.transfer'

const aboutMember = (verb: string, op: MemberOp, summary: string): Command => ({
  name: `groups ${verb}`,
  takes: 'GROUP NAME',
  words: { min: 2, max: 2 },
  summary,
  run: async (context, { words: [group = '', person = ''] }) => {
    const conversation = await findConversation(context, group)
    const { id: user } = await findUser(context, person)
    const ok = await context.asking.write(op, { conversation, user })
    context.print(ok, `${verb}: ${safeLine(person)}`)
  },
})

const mute: Command = {
  name: 'groups mute',
  takes: 'GROUP NAME MINUTES',
  words: { min: 3, max: 3 },
  summary: 'He may not write for so long; 0 lets him again.',
  run: async (context, { words: [group = '', person = '', text = ''] }) => {
    const minutes = parseWhole(text, 'MINUTES', 0, minutesMax)
    const conversation = await findConversation(context, group)
    const { id: user } = await findUser(context, person)
    const untilMs = minutes === 0 ? 0 : context.clock.now() + minutes * 60_000
    const ok = await context.asking.write('group.mute', { conversation, user, untilMs })
    context.print(ok, minutes === 0 ? `${safeLine(person)} may write` : `muted ${safeLine(person)} for ${minutes} min`)
  },
}

/** A hundred years. */
const minutesMax = 100 * 366 * 24 * 60

const role: Command = {
  name: 'groups role',
  takes: `GROUP NAME ${roles.join('|')}`,
  words: { min: 3, max: 3 },
  summary: 'Makes a member owner, admin or member.',
  run: async (context, { words: [group = '', person = '', wanted = ''] }) => {
    const given = roles.find((candidate) => candidate === wanted)
    if (given === undefined) throw usageError(`a role is one of ${roles.join(', ')}`)
    const conversation = await findConversation(context, group)
    const { id: user } = await findUser(context, person)
    const ok = await context.asking.write('group.role', { conversation, user, role: given })
    context.print(ok, `${safeLine(person)} is ${given} now`)
  },
}

const change: Command = {
  name: 'groups change',
  takes: 'GROUP',
  words: { min: 1, max: 1 },
  options: {
    title: { takes: 'TITLE', about: 'its title' },
    ...settings,
    posting: { takes: postings.join('|'), about: 'who may write' },
  },
  summary: 'Changes settings of a group.',
  run: async (context, args) => {
    const conversation = await findConversation(context, args.words[0] ?? '')
    const title = args.text('title')
    const posting = args.choice('posting', postings)
    const ok = await context.asking.write('group.change', {
      conversation,
      ...(title === undefined ? {} : { title }),
      ...settingsOf(args),
      ...(posting === undefined ? {} : { posting }),
    })
    context.print(ok, `changed ${conversation}`)
  },
}

const aboutGroup = (verb: string, op: 'group.leave' | 'group.close', summary: string, done: string): Command => ({
  name: `groups ${verb}`,
  takes: 'GROUP',
  words: { min: 1, max: 1 },
  summary,
  run: async (context, { words: [group = ''] }) => {
    const conversation = await findConversation(context, group)
    const ok = await context.asking.write(op, { conversation })
    context.print(ok, `${done} ${conversation}`)
  },
})

export const groupCommands: readonly Command[] = [
  list,
  { ...list, name: 'groups list' },
  create,
  join,
  aboutGroup('leave', 'group.leave', 'Leaves a group.', 'left'),
  members,
  invite,
  aboutMember('approve', 'group.approve', 'Lets somebody in who asks to join.'),
  aboutMember('refuse', 'group.refuse', 'Refuses somebody, or takes an invitation back.'),
  aboutMember('kick', 'group.kick', 'Removes a member.'),
  aboutMember('ban', 'group.ban', 'Removes somebody for good.'),
  aboutMember('unban', 'group.unban', 'Lifts a ban.'),
  mute,
  role,
  aboutMember('transfer', 'group.transfer', 'Makes somebody else the owner.'),
  change,
  aboutGroup('close', 'group.close', 'Closes a group: only reading remains.', 'closed'),
]
