import { longestRecoveryMs, recoveryBudgetsMs } from '../budgets.ts'
import type { FaultBegun } from '../history.ts'
import type { Facts } from './facts.ts'
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
    const deadline = fault.since + budgetOf(fault.begun.name)
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

/** Whoever probes after a fault probes every conversation that was there: the one that hangs is the one that is left out. */
const everyConversation = (
  add: (detail: string) => void,
  { history, log, started }: Facts,
  sinceOf: ReadonlyMap<number, number>,
): void => {
  const probed = new Map<number, Set<string>>()
  for (const line of history) {
    if (line.what !== 'probed') continue
    const conversations = probed.get(line.fault) ?? new Set<string>()
    probed.set(line.fault, conversations.add(line.conversation))
  }
  for (const [fault, conversations] of probed) {
    const sinceWallMs = started.wallMs + (sinceOf.get(fault) ?? 0) - started.clockErrorMs
    for (const { id, events } of log.conversations.values()) {
      const wasThere = (events[0]?.appendedMs ?? Number.POSITIVE_INFINITY) < sinceWallMs
      if (wasThere && !conversations.has(id)) add(`${id}: no probe after fault ${fault}`)
    }
  }
}
