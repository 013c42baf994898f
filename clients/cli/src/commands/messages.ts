import { type ChatEvent, directConversation, type OkOf } from '@chat/sdk'
import { type Args, type Command, type Context, parseWhole } from '../command.ts'
import { usageError } from '../exit.ts'
import { findConversation, findTarget } from '../targets.ts'
import { eventLine, usersIn } from '../text/describe.ts'
import { safeLine } from '../text/safe-text.ts'

const seqMax = 2 ** 31 - 1
/** Events that one `history` gives at most. */
const historyMax = 10_000
/** The most that the server gives at once. */
const pageMax = 200

const send: Command = {
  name: 'send',
  takes: 'TO [TEXT…]',
  words: { min: 1, max: 5_000 },
  options: {
    'reply-to': { takes: 'SEQ', about: 'the message that it answers' },
    id: { takes: 'UUID', about: 'a UUID v7: sent again with it, it is posted once' },
  },
  summary: 'Sends a message: to a user, a #group, or the id of a conversation. Without TEXT it is read from stdin.',
  run: async (context, args) => {
    const [to = '', ...words] = args.words
    const text = words.length > 0 ? words.join(' ') : await pipedText(context)
    const replyTo = args.number('reply-to', 1, seqMax)
    const target = await findTarget(context, to)
    const id = args.text('id')
    const ok = await context.asking.write('send', {
      to: 'user' in target ? { user: target.user.id } : target,
      body: { kind: 'text', text },
      ...(replyTo === undefined ? {} : { replyTo }),
      ...(id === undefined ? {} : { clientMsgId: id }),
    })
    const conversation =
      ok.conversation ?? ('user' in target ? directConversation(context.me.id, target.user.id) : target.conversation)
    context.print({ ...ok, conversation }, `sent ${conversation}/${ok.seq}`)
  },
}

/** Without the line end that `echo` puts there. */
const pipedText = async ({ piped }: Context): Promise<string> => {
  if (piped === undefined) throw usageError('what is the message? usage: send TO TEXT…')
  const text = (await piped()).replace(/\r?\n$/, '')
  if (text === '') throw usageError('there was no text on stdin')
  return text
}

const history: Command = {
  name: 'history',
  takes: 'CONVERSATION',
  words: { min: 1, max: 1 },
  options: {
    limit: { takes: 'N', about: `so many events at most: 1 to ${historyMax}, 50 by default` },
    before: { takes: 'SEQ', about: 'only what is before' },
    after: { takes: 'SEQ', about: 'only what is behind, from there on' },
  },
  summary: 'What was said, oldest first: the newest page, or that at a place.',
  run: async (context, args) => {
    const conversation = await findConversation(context, args.words[0] ?? '')
    const limit = args.number('limit', 1, historyMax) ?? 50
    const before = args.number('before', 1, seqMax)
    const after = args.number('after', 0, seqMax)
    if (before !== undefined && after !== undefined) throw usageError('--before or --after, not both')
    const events =
      after === undefined
        ? await backwards(context, conversation, limit, before)
        : await forwards(context, conversation, limit, after)
    await context.names.lookUp(events.flatMap(usersIn))
    for (const event of events) {
      const named = { ...event, actorName: context.names.of(event.actor) }
      context.print(named, eventLine(event, context.names, context.style) ?? '')
    }
  },
}

const pageOf = (context: Context, conversation: string, left: number, bound: object): Promise<OkOf<'history'>> =>
  context.asking.read('history', { conversation, limit: Math.min(left, pageMax), ...bound })

const backwards = async (context: Context, conversation: string, limit: number, before: number | undefined) => {
  let events: readonly ChatEvent[] = []
  for (let bound = before; events.length < limit; ) {
    const page = await pageOf(
      context,
      conversation,
      limit - events.length,
      bound === undefined ? {} : { before: bound },
    )
    events = [...page.events, ...events]
    if (!page.hasMore || page.from <= 1) break
    bound = page.from
  }
  return events
}

const forwards = async (context: Context, conversation: string, limit: number, from: number) => {
  const events: ChatEvent[] = []
  for (let after = from; events.length < limit; ) {
    const page = await pageOf(context, conversation, limit - events.length, { after })
    events.push(...page.events)
    if (!page.hasMore || page.to <= after) break
    after = page.to
  }
  return events
}

const read: Command = {
  name: 'read',
  takes: 'CONVERSATION [SEQ]',
  words: { min: 1, max: 2 },
  summary: 'Marks a conversation as read, up to SEQ or to its end.',
  run: async (context, { words: [where = '', place] }) => {
    const conversation = await findConversation(context, where)
    const seq =
      place === undefined
        ? (await context.asking.read('conversation', { conversation })).conversation.lastSeq
        : parseWhole(place, 'SEQ', 1, seqMax)
    if (seq > 0) await context.asking.read('read', { conversation, seq })
    context.print({ conversation, readSeq: seq }, `read ${conversation} up to ${seq}`)
  },
}

const place = async (context: Context, { words: [where = '', seq = ''] }: Args) => ({
  conversation: await findConversation(context, where),
  seq: parseWhole(seq, 'SEQ', 1, seqMax),
})

const edit: Command = {
  name: 'edit',
  takes: 'CONVERSATION SEQ TEXT…',
  words: { min: 3, max: 5_000 },
  summary: 'Replaces the text of an own message.',
  run: async (context, args) => {
    const at = await place(context, args)
    const ok = await context.asking.write('edit', {
      ...at,
      body: { kind: 'text', text: args.words.slice(2).join(' ') },
    })
    context.print(ok, `edited ${at.conversation}/${at.seq}`)
  },
}

const react = (op: 'react' | 'unreact', summary: string): Command => ({
  name: op,
  takes: 'CONVERSATION SEQ EMOJI',
  words: { min: 3, max: 3 },
  summary,
  run: async (context, args) => {
    const at = await place(context, args)
    const emoji = args.words[2] ?? ''
    const ok = await context.asking.write(op, { ...at, emoji })
    context.print(ok, `${op} ${safeLine(emoji)}`)
  },
})

const act = (op: 'delete' | 'pin' | 'unpin', summary: string): Command => ({
  name: op,
  takes: 'CONVERSATION SEQ',
  words: { min: 2, max: 2 },
  summary,
  run: async (context, args) => {
    const at = await place(context, args)
    const ok = await context.asking.write(op, at)
    context.print(ok, `${op}: ${at.conversation}/${at.seq}`)
  },
})

export const messageCommands: readonly Command[] = [
  send,
  history,
  read,
  edit,
  act('delete', 'Deletes a message for everybody.'),
  react('react', 'Puts an emoji on a message.'),
  react('unreact', 'Takes an emoji away again.'),
  act('pin', 'Pins a message.'),
  act('unpin', 'Unpins a message.'),
]
