import type { Friend, OkOf, User } from '@chat/sdk'
import type { Command, Context } from '../command.ts'
import { pagesOf } from '../pages.ts'
import { findUser } from '../targets.ts'
import { localMinute, span } from '../text/moments.ts'
import { safeLine } from '../text/safe-text.ts'

const list: Command = {
  name: 'friends',
  words: { min: 0, max: 0 },
  summary: 'Your friends with who is online, open requests, and whom you block.',
  run: async (context) => {
    const { asking, print, style, clock } = context
    let count = 0
    for await (const { items, requests = [], blocked = [] } of pagesOf((bounds) => asking.read('friends', bounds))) {
      for (const friend of items) print({ type: 'friend', ...friend }, friendLine(friend, context, clock.now()))
      for (const request of requests) print({ type: 'request', ...request }, requestLine(request))
      for (const { user, since } of blocked)
        print({ type: 'blocked', user, since }, `${nameOf(user)}  ${style.red('blocked')}`)
      count += items.length + requests.length + blocked.length
    }
    if (count === 0) context.note('no friends yet: friends add NAME')
  },
}

const friendLine = ({ user, online, lastSeenAt }: Friend, { style }: Context, nowMs: number): string => {
  const state = online
    ? style.green('online')
    : lastSeenAt === undefined
      ? style.dim('offline')
      : style.dim(`seen ${span(nowMs - Date.parse(lastSeenAt))} ago`)
  return `${nameOf(user)}  ${state}`
}

const requestLine = ({ user, direction, note, at }: NonNullable<OkOf<'friends'>['requests']>[number]): string => {
  const what = direction === 'incoming' ? 'asks to be your friend' : 'was asked by you'
  return `${nameOf(user)}  ${what} (${localMinute(at)})${note === undefined ? '' : `: ${safeLine(note)}`}`
}

const nameOf = ({ name, displayName }: User): string =>
  name === displayName ? safeLine(name) : `${safeLine(name)} (${safeLine(displayName)})`

const add: Command = {
  name: 'friends add',
  takes: 'NAME [NOTE…]',
  words: { min: 1, max: 300 },
  summary: 'Asks somebody to be your friend.',
  run: async (context, { words: [name = '', ...words] }) => {
    const { id: user } = await findUser(context, name)
    const note = words.join(' ')
    const ok = await context.asking.write('friend.request', { user, ...(note !== '' && { note }) })
    context.print({ ...ok, user }, `asked ${safeLine(name)}`)
  },
}

type AboutUserOp = 'friend.accept' | 'friend.decline' | 'friend.withdraw' | 'friend.remove' | 'block' | 'unblock'

/** What is done to one person. `done`: what stands before his name afterwards. */
const aboutUser = (name: string, op: AboutUserOp, summary: string, done: string): Command => ({
  ...{ name, summary },
  takes: 'NAME',
  words: { min: 1, max: 1 },
  run: async (context, { words: [who = ''] }) => {
    const { id: user } = await findUser(context, who)
    const ok = await context.asking.write(op, { user })
    context.print({ ...ok, user }, `${done} ${safeLine(who)}`)
  },
})

export const friendCommands: readonly Command[] = [
  list,
  { ...list, name: 'friends list' },
  add,
  aboutUser('friends accept', 'friend.accept', 'Accepts a request.', 'now your friend:'),
  aboutUser('friends decline', 'friend.decline', 'Declines a request.', 'declined'),
  aboutUser('friends withdraw', 'friend.withdraw', 'Takes your own request back.', 'took back what was asked of'),
  aboutUser('friends remove', 'friend.remove', 'Ends a friendship.', 'no friend any more:'),
  aboutUser('friends block', 'block', 'Blocks somebody: no message from him reaches you.', 'blocked'),
  aboutUser('friends unblock', 'unblock', 'Lifts a block.', 'no longer blocked:'),
]
