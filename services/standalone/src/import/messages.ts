import { createHash } from 'node:crypto'
import { noDevice } from '@chat/connector/no-device'
import { Fault } from '@chat/runtime'
import { directConversation, groupConversation } from '@chat/schemas'
import { isAllowedTitle, parseRequest } from '@chat/schemas/protocol'
import { unknownUser } from './friendships.ts'
import type { House } from './house.ts'
import { unknownGroup } from './members.ts'
import { parseNumbers } from './number.ts'
import type { Refusal, Verdict } from './report.ts'
import type { Step } from './step.ts'

interface OldMessage {
  readonly receiver: number
  readonly sender: number
  /** undefined: direct. */
  readonly group: number | undefined
  /** As it is written here: behind the time at which it was written there. */
  readonly text: string
  /** Under what it stands in the ledger. */
  readonly key: string
}

/**
 * Messages of one sender to one conversation that are under way at once. The domain tells so many apart from others for ever, so that what
 * an interrupted run left open is not written twice.
 */
const openOfSenderMax = 32
/** How often each row occurred is kept in memory, some 60 bytes a row. */
const messageRowsMax = 5_000_000
const timeCodePointsMax = 64

/**
 * What somebody missed there is unread here: a message of its true sender. The old servers kept a copy of a group's message for each who
 * missed it; it is written once.
 * The ledger has an id for each message before it is put on the log, and a mark when it is there.
 */
export const messagesStep = (house: House): Step<'messages', OldMessage> => {
  const occurrences = new Map<number, number>()

  /** The same row again is another message, the same for another receiver in a group is not. */
  const keyOf = (fields: Readonly<Record<'userid' | 'from' | 'groupid' | 'text' | 'time', string>>): string => {
    const { userid, from, groupid, text, time } = fields
    const row = digestOf([house.dialect, userid, from, groupid, text, time])
    const place = row.readUIntBE(0, 6) // 48 bits: of millions of rows hardly two share one, and then each has a key of its own still.
    const count = (occurrences.get(place) ?? 0) + 1
    occurrences.set(place, count)
    if (occurrences.size > messageRowsMax)
      throw new Fault('import_file', `more than ${messageRowsMax} messages: divide the file`, { isRetryable: false })
    const receiver = groupid === '' ? userid : ''
    return digestOf([house.dialect, receiver, from, groupid, text, time, String(count)]).toString('base64url')
  }

  const conversationOf = async (
    { receiver, sender, group }: OldMessage,
    users: ReadonlyMap<number, number>,
    groups: ReadonlyMap<number, number>,
  ): Promise<{ readonly actor: number; readonly conversation: string } | Refusal> => {
    const [actor, user] = [users.get(sender), users.get(receiver)]
    if (actor === undefined || user === undefined) return unknownUser(actor === undefined ? sender : receiver)
    if (group === undefined) return { actor, conversation: directConversation(actor, user) }
    const id = groups.get(group)
    if (id === undefined) return unknownGroup(group)
    const conversation = groupConversation(id)
    const seat = await house.readModels.seat(user, conversation)
    return seat?.role === undefined
      ? { why: `the one who is to get it, ${receiver}, is no member of the group` }
      : { actor, conversation }
  }

  const write = async (
    place: { readonly actor: number; readonly conversation: string },
    text: string,
    entry: { readonly clientMsgId: string; readonly isNew: boolean },
  ): Promise<Verdict | 'open'> => {
    const outcome = await house.submit(
      {
        ...{ type: 'PostMessage', ...place, device: noDevice, clientMsgId: entry.clientMsgId, after: null },
        ...{ body: Buffer.from(JSON.stringify({ kind: 'text', text })), keyId: null, replyTo: null, mentions: [] },
      },
      entry.isNew ? undefined : 'mayRepeat',
    )
    if (outcome.outcome !== 'refused') return 'taken'
    return outcome.code === 'too_late' ? 'open' : { why: reasons[outcome.code] ?? `it was refused: ${outcome.code}` }
  }

  return {
    kind: 'messages',
    parse: (fields) => {
      const { text, time, groupid } = fields
      const numbers = parseNumbers({ userid: fields.userid, from: fields.from })
      if ('why' in numbers) return numbers
      const inGroup = groupid === '' ? undefined : parseNumbers({ groupid })
      if (inGroup !== undefined && 'why' in inGroup) return inGroup
      if (time !== '' && !isAllowedTitle(time, timeCodePointsMax))
        return { why: `its time is no line of at most ${timeCodePointsMax} characters` }
      if (text === '') return { why: 'it has no text' }
      const written = time === '' ? text : `(${time}) ${text}`
      const body = { kind: 'text', text: written }
      const parsed = parseRequest({ op: 'send', ref: 0, to: { user: 1 }, clientMsgId: house.newClientMsgId(), body })
      if (!('frame' in parsed)) return { why: `its text: ${'message' in parsed ? parsed.message : 'malformed'}` }
      return {
        ...{ receiver: numbers.userid, sender: numbers.from, group: inGroup?.groupid },
        ...{ text: written, key: keyOf(fields) },
      }
    },
    bounds: ({ receiver, sender, group, key }) => [
      [`message ${key}`, 1],
      [group === undefined ? `pair ${sender} ${receiver}` : `group ${group} ${sender}`, openOfSenderMax],
    ],
    take: async (rows) => {
      const users = await house.idsOf(
        'user',
        rows.flatMap(({ sender, receiver }) => [sender, receiver]),
      )
      const groups = await house.idsOf(
        'group',
        rows.flatMap(({ group }) => group ?? []),
      )
      const places = await Promise.all(rows.map((row) => conversationOf(row, users, groups)))
      const wanted = rows.filter((_, index) => !('why' in (places[index] ?? {})))
      const proposed = wanted.map(({ key }) => ({ key, clientMsgId: house.newClientMsgId() }))
      const entries = await house.ledger.propose(proposed)
      const verdicts = await Promise.all(
        rows.map(async ({ text, key }, index): Promise<Verdict | 'open'> => {
          const [place, entry] = [places[index], entries.get(key)]
          if (place === undefined || 'why' in place) return place ?? { why: 'it has no place' }
          if (entry === undefined) throw new Error('what was proposed stands in the ledger')
          return entry.isDone ? 'there' : await write(place, text, entry)
        }),
      )
      const keysOf = (isWanted: (verdict: Verdict | 'open' | undefined) => boolean) =>
        rows.flatMap(({ key }, index) => (isWanted(verdicts[index]) ? [key] : []))
      await house.ledger.settle(keysOf((verdict) => verdict === 'taken'))
      await house.ledger.forget(keysOf((verdict) => typeof verdict === 'object'))
      return verdicts.map((verdict) => (verdict === 'open' ? { why: tooLate } : verdict))
    },
  }
}

const digestOf = (parts: readonly string[]): Buffer => createHash('sha256').update(JSON.stringify(parts)).digest()

const tooLate =
  'a run that was interrupted may have written it, which cannot be told any more after so long: look whether it is there'

const reasons: Readonly<Record<string, string>> = {
  not_member: 'its sender is no member of the group',
  blocked: 'one of the two blocks the other',
  banned: 'its sender is banned from the group',
  muted: 'its sender is muted in the group',
  not_friend: 'only friends may write to each other here (CHAT_DIRECT_POLICY)',
}
