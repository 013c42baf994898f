import { longestRecoveryMs, recoveryBudgetsMs } from '../budgets.ts'
import type { FaultBegun } from '../history.ts'
import type { Facts } from './facts.ts'
import { type LoggedConversation, within } from './log-facts.ts'
import { eachSeen } from './seen.ts'
import { createFound, type Violation } from './violation.ts'
import { isMemberAt } from './visibility.ts'

/**
 * I11: after a fault a probe in every conversation is acknowledged, and reaches a connected device of every member, within the recovery
 * budget, counted from the end of the fault (or from its beginning, where it is over in a moment). Fed by `probed`.
 */
export const recovery = (facts: Facts): readonly Violation[] => {
  const { history, log, sending } = facts
  const found = createFound('I11')
  const faults = new Map<number, { readonly begun: FaultBegun; since: number }>()
  const probes = history.filter((line) => line.what === 'probed')
  if (probes.length === 0) return found.violations
  for (const line of history) {
    if (line.what === 'faultBegun') faults.set(line.fault, { begun: line, since: line.at })
    const fault = line.what === 'faultEnded' ? faults.get(line.fault) : undefined
    if (fault !== undefined) fault.since = line.at
  }
  const arrivals = arrivalsOf(facts, new Set(probes.map((probe) => probe.clientMsgId)))
  for (const { fault: number, conversation, clientMsgId } of probes) {
    const fault = faults.get(number)
    if (fault === undefined) {
      found.add(`${conversation}: a probe for fault ${number}, which never was`)
      continue
    }
    const deadline = fault.since + budgetOf(fault.begun.name) * (facts.options.budgetTolerance ?? 1)
    const name = `${conversation}: the probe after ${fault.begun.name} of ${fault.begun.target}`
    const accepted = sending.sends.get(clientMsgId)?.accepted
    if (accepted === undefined) found.add(`${name} was never acknowledged`)
    else if (accepted.at > deadline) found.add(`${name} was acknowledged ${accepted.at - deadline} ms late`)
    const logged = log.conversations.get(conversation)
    const seq = log.messages.get(clientMsgId)?.seq
    if (logged === undefined || seq === undefined) continue
    for (const user of membersWithDevices(facts)) {
      if (!isMemberAt(logged, user, seq)) continue
      const arrival = arrivals.get(`${clientMsgId} ${user}`)
      if (arrival === undefined) found.add(`${name} never reached ${user}`)
      else if (arrival > deadline) found.add(`${name} reached ${user} ${arrival - deadline} ms late`)
    }
  }
  everyConversation(found.add, facts, new Map([...faults].map(([number, { since }]) => [number, since])))
  return found.violations
}

const budgetOf = (name: string): number =>
  (recoveryBudgetsMs as Readonly<Record<string, number>>)[name] ?? longestRecoveryMs

const membersWithDevices = ({ userOf }: Facts): ReadonlySet<number> => new Set(userOf.values())

/** `id user` → when the first of the user's devices got the message. */
const arrivalsOf = ({ history, userOf }: Facts, ids: ReadonlySet<string>): ReadonlyMap<string, number> => {
  const arrivals = new Map<string, number>()
  eachSeen(history, ({ clientMsgId }, { at, device }) => {
    if (clientMsgId === null || !ids.has(clientMsgId)) return
    const key = `${clientMsgId} ${userOf.get(device)}`
    if (!arrivals.has(key)) arrivals.set(key, at)
  })
  return arrivals
}

/** Whoever probes after a fault probes every conversation that had members all along: the one that hangs is the one left out. */
const everyConversation = (
  add: (detail: string) => void,
  { history, log, started }: Facts,
  sinceOf: ReadonlyMap<number, number>,
): void => {
  const probed = new Map<number, { readonly conversations: Set<string>; until: number }>()
  for (const line of history) {
    if (line.what !== 'probed') continue
    const probes = within(probed, line.fault, () => ({ conversations: new Set<string>(), until: 0 }))
    probes.conversations.add(line.conversation)
    probes.until = line.at
  }
  for (const [fault, { conversations, until }] of probed) {
    const sinceMs = started.wallMs + (sinceOf.get(fault) ?? 0) - started.clockErrorMs
    const untilMs = started.wallMs + until + started.clockErrorMs + arrivalMs
    for (const conversation of log.conversations.values())
      if (!conversations.has(conversation.id) && hadMember(conversation, sinceMs, untilMs))
        add(`${conversation.id}: no probe after fault ${fault}`)
  }
}

/** A leaver's request may be on its way when the probes are sent, ms. */
const arrivalMs = 1_000

const hadMember = (conversation: LoggedConversation, sinceMs: number, untilMs: number): boolean => {
  const [before, after] = [seqBefore(conversation, sinceMs), seqBefore(conversation, untilMs)]
  if (before === 0) return false
  return [...conversation.stays.values()].some((stays) => stays.some(({ from, to }) => from <= before && to > after))
}

/** The last seq appended before that moment; 0: none. */
const seqBefore = ({ events }: LoggedConversation, wallMs: number): number => {
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((events[middle]?.appendedMs ?? Infinity) < wallMs) low = middle + 1
    else high = middle
  }
  return events[low - 1]?.seq ?? 0
}
