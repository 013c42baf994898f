import type { Facts } from './facts.ts'
import { createSeqMarks } from './seq-marks.ts'
import { createFound, type Violation } from './violation.ts'

/** I2: a device shows a place of a conversation, and a message, at most once. [G2] */
export const shownOnce = ({ history, log }: Facts): readonly Violation[] => {
  const found = createFound('I2')
  const shown = createSeqMarks()
  /** `device id` → where it was shown, for those that were shown elsewhere than where the log has them: few, or all is wrong. */
  const misplaced = new Map<string, string>()
  for (const line of history) {
    if (line.what !== 'shown') continue
    const { device, conversation, seq, clientMsgId } = line
    if (!shown.add(device, conversation, seq)) found.add(`${device} showed ${conversation} ${seq} twice`)
    const home = clientMsgId === null ? undefined : log.messages.get(clientMsgId)
    if (clientMsgId === null || (home?.conversation === conversation && home.seq === seq)) continue
    const before = misplaced.get(`${device} ${clientMsgId}`)
    misplaced.set(`${device} ${clientMsgId}`, `${conversation} ${seq}`)
    if (before !== undefined) found.add(`${device} showed ${clientMsgId} as ${before} and as ${conversation} ${seq}`)
  }
  for (const [key, place] of misplaced) {
    const [device = '', clientMsgId = ''] = key.split(' ')
    const home = log.messages.get(clientMsgId)
    if (home !== undefined && shown.has(device, home.conversation, home.seq))
      found.add(`${device} showed ${clientMsgId} as ${home.conversation} ${home.seq} and as ${place}`)
  }
  return found.violations
}
