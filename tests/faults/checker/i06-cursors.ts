import { decodeReceipt } from '@chat/schemas'
import type { HistoryEvent, UserHistory } from '../history.ts'
import type { Facts } from './facts.ts'
import { eventAt, type LoggedConversation, within } from './log-facts.ts'
import { createFound, type Found, type Violation } from './violation.ts'
import { isMemberAtEnd, visibleTo } from './visibility.ts'

/** I6: cursors never go back, what was acknowledged of them is kept, and unread counts equal the fold. */
export const cursors = (facts: Facts): readonly Violation[] => {
  const found = createFound('I6')
  neverBackOnPushes(found, facts.history)
  neverBackOnPages(found, facts)
  if (!facts.dumped.has('log')) return found.violations
  const logged = loggedCursors(facts.history)
  acknowledgedIsKept(found, facts, logged)
  for (const line of facts.history) if (line.what === 'userHistory') equalsFold(found, facts, logged, line)
  return found.violations
}

/**
 * As one device sees another user's cursors at one connector. At the next one a frozen router that thaws may tell it a lower one once
 * more: decision 015, the client keeps the greater.
 */
const neverBackOnPushes = (found: Found, history: readonly HistoryEvent[]): void => {
  const seenBy = new Map<string, Map<string, { readonly deliveredSeq: number; readonly readSeq: number }>>()
  const connectorOf = new Map<string, string>()
  for (const line of history) {
    if (line.what === 'connected') {
      if (connectorOf.get(line.device) !== line.connector) seenBy.delete(line.device)
      connectorOf.set(line.device, line.connector)
    }
    if (line.what !== 'receiptPushed') continue
    const last = within(seenBy, line.device, () => new Map())
    const key = `${line.conversation} ${line.user}`
    const before = last.get(key)
    if (before !== undefined && (line.readSeq < before.readSeq || line.deliveredSeq < before.deliveredSeq))
      found.add(`${line.device} saw the cursors of ${line.user} in ${line.conversation} go back to ${line.readSeq}`)
    last.set(key, line)
  }
}

/** A page that was asked for after another one had come tells of no lower cursor, whichever device of the user asked. */
const neverBackOnPages = (found: Found, { history, sending, userOf }: Facts): void => {
  const told = new Map<string, { readonly at: number; readonly readSeq: number }[]>()
  for (const line of history) {
    if (line.what !== 'paged' || line.readSeq === null) continue
    const { readSeq } = line
    const user = userOf.get(line.device) ?? 0
    const rises = within(told, `${user} ${line.conversation}`, () => [])
    const askedAt = sending.askedAt(line.device, line.ref) ?? 0
    const before = rises.findLast(({ at }) => at < askedAt)
    if (before !== undefined && readSeq < before.readSeq)
      found.add(`${line.device} read the cursor of ${user} in ${line.conversation}: ${before.readSeq}, then ${readSeq}`)
    if (readSeq > (rises.at(-1)?.readSeq ?? -1)) rises.push({ at: line.at, readSeq })
  }
}

interface Cursor {
  deliveredSeq: number
  readSeq: number
}

/** `conversation user` → device → the greatest cursors that the log of receipts has. */
type LoggedCursors = ReadonlyMap<string, ReadonlyMap<string, Cursor>>

const loggedCursors = (history: readonly HistoryEvent[]): LoggedCursors => {
  const cursorsOf = new Map<string, Map<string, Cursor>>()
  for (const line of history) {
    if (line.what !== 'logged' || line.topic !== 'receipts') continue
    const decoded = decodeReceipt(line.schema ?? '', Buffer.from(line.value, 'base64'))
    if (!('record' in decoded)) continue // Not ours: the projector passes it over too.
    const { conversation, user, device, deliveredSeq, readSeq } = decoded.record
    const devices = within(cursorsOf, `${conversation} ${user}`, () => new Map<string, Cursor>())
    const cursor = within(devices, device, () => ({ deliveredSeq: 0, readSeq: 0 }))
    cursor.deliveredSeq = Math.max(cursor.deliveredSeq, deliveredSeq)
    cursor.readSeq = Math.max(cursor.readSeq, readSeq)
  }
  return cursorsOf
}

const acknowledgedIsKept = (found: Found, { sending, userOf }: Facts, logged: LoggedCursors): void => {
  for (const { invoked } of sending.accepted) {
    const { op, device, conversation, seq } = invoked
    if (seq === null || (op !== 'read' && op !== 'delivered')) continue
    const cursor = logged.get(`${conversation} ${userOf.get(device)}`)?.get(device)
    const kept = op === 'read' ? cursor?.readSeq : cursor?.deliveredSeq
    if ((kept ?? 0) < seq)
      found.add(`${device}: ${op} ${conversation} ${seq} was acknowledged, ${kept ?? 0} is in the log`)
  }
}

const equalsFold = (found: Found, { log }: Facts, logged: LoggedCursors, line: UserHistory): void => {
  const { user, unread, readSeq } = line
  const conversation = log.conversations.get(line.conversation)
  if (conversation === undefined || unread === null || readSeq === null || !isMemberAtEnd(conversation, user)) return
  const devices = [...(logged.get(`${conversation.id} ${user}`)?.values() ?? [])]
  const visible = visibleTo(conversation, user)
  const cursor = Math.max(0, ...devices.map((device) => device.readSeq))
  const expectedRead = Math.min(cursor, visible.at(-1)?.to ?? 0)
  if (readSeq !== expectedRead)
    found.add(`${conversation.id}: read cursor of ${user} is ${readSeq}, the log says ${expectedRead}`)
  const expected = unreadAfter(conversation, user, cursor)
  if (unread !== expected) found.add(`${conversation.id}: ${user} has ${unread} unread, the log says ${expected}`)
}

/** Visible messages of others behind the cursor that were not deleted. */
const unreadAfter = (conversation: LoggedConversation, user: number, cursor: number): number => {
  let unread = 0
  for (const { from, to } of visibleTo(conversation, user))
    for (let seq = Math.max(from, cursor + 1); seq <= to; seq++) {
      const event = eventAt(conversation, seq)
      const isDeleted = conversation.deeds.get(seq)?.some(({ type }) => type === 'messageDeleted') === true
      if (event?.type === 'messagePosted' && event.actor !== user && !isDeleted) unread++
    }
  return unread
}
