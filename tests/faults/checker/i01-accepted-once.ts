import { decodePosition } from '@chat/schemas'
import type { Facts } from './facts.ts'
import type { LogFacts, LoggedEvent } from './log-facts.ts'
import type { AcceptedRequest, Send, SendFacts } from './sends.ts'
import { createFound, type Found, type Violation } from './violation.ts'

/**
 * I1: what was accepted or refused has exactly one outcome, whatever it was, and an accepted message stands in the final state and the history
 * of everybody who may see it. [G1]
 */
export const acceptedOnce = ({ log, sending, finals, dumped }: Facts): readonly Violation[] => {
  const found = createFound('I1')
  for (const doubled of sending.doubled) found.add(doubled)
  for (const send of sending.sends.values()) {
    for (const conflict of send.conflicts) found.add(`${nameOf(send)}: ${conflict}`)
    if (!dumped.has('log')) continue
    if (send.accepted !== undefined) expectLogged(found, send, log.messages.get(send.clientMsgId), log.repeated)
    else if (send.refused !== undefined && log.messages.has(send.clientMsgId))
      found.add(`${nameOf(send)}: refused ${send.refused.code}, and in the log`)
  }
  if (dumped.has('log')) {
    for (const request of sending.accepted) if (!isLogged(request, log.at)) found.add(requestLost(request))
    for (const doubled of requestsDoubled(log, sending)) found.add(doubled)
    for (const contradiction of log.contradicted) found.add(contradiction)
  }
  for (const { kind, holder, conversation, seq, event } of finals) {
    const id = event?.clientMsgId ?? null
    if (kind === 'missing' && id !== null && sending.sends.get(id)?.accepted !== undefined)
      found.add(`${conversation} ${seq}: accepted, and missing from ${holder}`)
  }
  return found.violations
}

const nameOf = (send: Send): string => `${send.conversation} ${send.clientMsgId}`

const expectLogged = (
  found: Found,
  send: Send,
  logged: LoggedEvent | undefined,
  repeated: ReadonlyMap<string, readonly LoggedEvent[]>,
): void => {
  const { accepted } = send
  if (accepted === undefined) return
  if (logged === undefined) {
    found.add(`${nameOf(send)}: accepted as ${accepted.seq}, and not in the log`)
    return
  }
  const all = repeated.get(send.clientMsgId)
  if (all !== undefined) {
    found.add(`${nameOf(send)}: in the log as ${all.map(({ seq }) => seq).join(' and ')}`)
    return
  }
  if (logged.conversation !== accepted.conversation || logged.seq !== accepted.seq)
    found.add(`${nameOf(send)}: accepted as ${accepted.seq}, in the log as ${logged.conversation} ${logged.seq}`)
  const position = decodePosition(accepted.position ?? '')
  if (position?.partition !== logged.partition || position.pos !== logged.pos)
    found.add(`${nameOf(send)}: accepted at another position than ${logged.partition}/${logged.pos}`)
}

/** Requests that give a position (joins, creations, …) have their event there. Those that give none left nothing in the log. */
const isLogged = ({ answered }: AcceptedRequest, at: Facts['log']['at']): boolean => {
  if (answered.position === null || answered.seq === null) return true
  const position = decodePosition(answered.position)
  const event = position === undefined ? undefined : at(position.partition, position.pos)
  return event?.conversation === answered.conversation && event.seq === answered.seq
}

/** Whatever has an id and is no message: its events come of one command. */
const requestsDoubled = ({ conversations }: LogFacts, { invokedOps }: SendFacts): readonly string[] => {
  const ids = new Set([...invokedOps.values()].flatMap((asked) => [...asked]))
  const commandOf = new Map<string, string | null>()
  const doubled: string[] = []
  for (const { id, events } of conversations.values())
    for (const { requestId, line, type, seq } of events) {
      if (!ids.has(requestId)) continue
      const before = commandOf.get(requestId)
      if (before !== undefined && before !== line.cmd) doubled.push(`${id} ${seq}: ${type} was done before`)
      commandOf.set(requestId, line.cmd)
    }
  return doubled
}

const requestLost = ({ invoked, answered }: AcceptedRequest): string =>
  `${invoked.op} of ${invoked.device}: accepted as ${answered.conversation} ${answered.seq}, and not in the log`
