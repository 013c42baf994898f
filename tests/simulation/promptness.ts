import { factsOf } from '../faults/checker/facts.ts'
import { isMemberAt } from '../faults/checker/visibility.ts'
import type { HistoryEvent } from '../faults/history.ts'

/** Where nothing but connections fails, a connected device has an event within this, ms: it must not have to wait for its next sync. */
const promptMs = 5000

interface Connection {
  readonly fromMs: number
  toMs: number
}

/**
 * For runs without faults but cut connections: whoever is connected when something happens, or connects afterwards, is shown it soon
 * and without asking again. That is what the order of login, watermark, presence lookup and append is for. [G1]
 */
export const unpromptOf = (history: readonly HistoryEvent[], endMs: number): readonly string[] => {
  const { log, userOf, started } = factsOf(history)
  const connections = connectionsOf(history, endMs)
  const shownAt = new Map<string, number>()
  for (const line of history)
    if (line.what === 'shown') shownAt.set(`${line.device} ${line.conversation} ${line.seq}`, line.at)
  const late: string[] = []
  for (const conversation of log.conversations.values())
    for (const event of conversation.events) {
      const happenedMs = event.appendedMs - started.wallMs
      for (const [device, user] of userOf) {
        if (!isMemberAt(conversation, user, event.seq)) continue
        const shownMs = shownAt.get(`${device} ${conversation.id} ${event.seq}`) ?? Number.POSITIVE_INFINITY
        const sufferer = (connections.get(device) ?? []).find(({ fromMs, toMs }) => {
          const dueMs = Math.max(fromMs, happenedMs) + promptMs
          return toMs > dueMs && shownMs > dueMs
        })
        if (sufferer !== undefined)
          late.push(
            `${device}, connected from ${sufferer.fromMs} to ${sufferer.toMs}, was shown ${conversation.id} ${event.seq} of ${happenedMs} at ${shownMs}`,
          )
      }
    }
  return late
}

const connectionsOf = (history: readonly HistoryEvent[], endMs: number): ReadonlyMap<string, readonly Connection[]> => {
  const connections = new Map<string, Connection[]>()
  for (const line of history) {
    if (line.what === 'connected') {
      const own = connections.get(line.device) ?? []
      connections.set(line.device, [...own, { fromMs: line.at, toMs: endMs }])
    } else if (line.what === 'closed') {
      const last = connections.get(line.device)?.at(-1)
      if (last !== undefined) last.toMs = line.at
    }
  }
  return connections
}
