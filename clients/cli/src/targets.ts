import { type ConversationSummary, directConversation, type User } from '@chat/sdk'
import type { Context } from './command.ts'
import { Exit, exitCode, usageError } from './exit.ts'
import { pagesOf } from './pages.ts'
import { safeLine } from './text/safe-text.ts'

/** What people write for a user or a conversation: `bob`, `@bob`, `#tea`, `g31`, `d12.57`, `.` (the present one). */
type Target = { readonly user: User } | { readonly conversation: string }

const isConversationId = (text: string): boolean => /^(g\d+|d\d+\.\d+)$/.test(text)

/** Throws Exit: of the server, or of usage. */
export const findUser = async ({ asking, names }: Context, text: string): Promise<User> => {
  const name = text.startsWith('@') ? text.slice(1) : text
  if (name === '') throw usageError('a user is a name: bob, or @bob')
  const { user } = await asking.read('user', { name })
  names.learn(user)
  return user
}

export const findTarget = async (context: Context, text: string): Promise<Target> => {
  if (text === '.') {
    if (context.current === undefined) throw usageError('no conversation is open: say which')
    return { conversation: context.current }
  }
  if (isConversationId(text)) return { conversation: text }
  if (text.startsWith('#')) return { conversation: (await findGroup(context, text.slice(1))).id }
  return { user: await findUser(context, text) }
}

/** The id of the conversation, the one with a user included, whether it has begun or not. */
export const findConversation = async (context: Context, text: string): Promise<string> => {
  const target = await findTarget(context, text)
  return 'conversation' in target ? target.conversation : directConversation(context.me.id, target.user.id)
}

/** Every conversation of the user, page by page, newest first. */
export async function* allConversations({ asking }: Pick<Context, 'asking'>): AsyncGenerator<ConversationSummary> {
  for await (const { items } of pagesOf((bounds) => asking.read('conversations', bounds))) yield* items
}

/** By its public name, or by its title if only one of the user's groups has it. */
const findGroup = async (context: Context, name: string): Promise<ConversationSummary> => {
  const wanted = folded(name)
  const titled: ConversationSummary[] = []
  for await (const conversation of allConversations(context)) {
    if (conversation.kind !== 'group') continue
    if (conversation.name !== undefined && folded(conversation.name) === wanted) return conversation
    if (folded(conversation.title) === wanted) titled.push(conversation)
  }
  const [only, ...others] = titled
  if (only === undefined)
    throw new Exit(exitCode.refused, 'no_such_conversation', `you are in no group #${safeLine(name)}`)
  if (others.length > 0)
    throw usageError(`several groups are called that: say ${titled.map(({ id }) => id).join(' or ')}`)
  return only
}

const folded = (text: string): string => text.normalize('NFKC').toUpperCase().toLowerCase()
