import type { Facts } from './facts.ts'
import { eventAt } from './log-facts.ts'
import { eachSeen } from './seen.ts'
import { createSeqMarks } from './seq-marks.ts'
import { createFound, type Found, type Violation } from './violation.ts'

/**
 * I9: no effect before its cause. An answer has its request, a message seen was sent before, what is shown came over the wire first,
 * an acknowledgement or push comes after the append, and a message sent after a place was seen stands behind it.
 */
export const causesFirst = (facts: Facts): readonly Violation[] => {
  const found = createFound('I9')
  for (const causeless of facts.sending.causeless) found.add(causeless)
  cameBeforeShown(found, facts)
  if (!facts.dumped.has('log')) return found.violations
  sentBeforeSeen(found, facts)
  appendedBeforeAcknowledged(found, facts)
  return found.violations
}

/** The wall clock of the recorder at `at`, as late as it can have been by the log's clock. */
const latestWallMs = ({ started }: Facts, at: number): number => started.wallMs + at + 1 + started.clockErrorMs

const appendedBeforeAcknowledged = (found: Found, facts: Facts): void => {
  const { log, sending } = facts
  for (const send of sending.sends.values()) {
    const event = log.messages.get(send.clientMsgId)
    if (event === undefined) continue
    const name = `${send.conversation} ${event.seq}`
    if (event.seq <= send.floor) found.add(`${name}: sent when ${send.floor} had been seen`)
    if (send.accepted !== undefined && event.appendedMs > latestWallMs(facts, send.accepted.at))
      found.add(`${name}: acknowledged before it was appended`)
  }
}

const sentBeforeSeen = (found: Found, facts: Facts): void => {
  const { history, log, sending } = facts
  eachSeen(history, (seen, { what, at, device, conversation }, index) => {
    const name = () => `${conversation} ${seen.seq}: ${what} to ${device} before it was`
    const event = eventAt(log.conversations.get(conversation), seen.seq)
    if (event !== undefined && event.appendedMs > latestWallMs(facts, at)) found.add(`${name()} appended`)
    const send = seen.clientMsgId === null ? undefined : sending.sends.get(seen.clientMsgId)
    if (send !== undefined && send.invokedLine > index) found.add(`${name()} sent`)
  })
}

const cameBeforeShown = (found: Found, { history }: Facts): void => {
  const came = createSeqMarks()
  const shown = createSeqMarks()
  for (const line of history)
    switch (line.what) {
      case 'pushed':
        came.add(line.device, line.conversation, line.seq)
        break
      case 'paged':
        for (const event of line.events) came.add(line.device, line.conversation, event.seq)
        break
      case 'shown':
        if (!came.has(line.device, line.conversation, line.seq))
          found.add(`${line.device} showed ${line.conversation} ${line.seq}, which it had not got`)
        shown.add(line.device, line.conversation, line.seq)
        break
      case 'deviceState': {
        const unshown = line.seqs.find((seq) => !shown.has(line.device, line.conversation, seq))
        if (unshown !== undefined)
          found.add(`${line.device} holds ${line.conversation} ${unshown}, which it never showed`)
      }
    }
}
