import type { EventLog } from '@chat/event-log'
import type { Position } from '@chat/read-models'
import type { Topics } from '@chat/schemas'

/** The end of the event log as positions: a read model that passed them holds everything appended before the call. */
export interface Watermark {
  /** Of all partitions. Throws the log's Fault. */
  now(): Promise<readonly Position[]>
  /** Of one partition; empty while nothing was ever written there. */
  ofPartition(partition: number): Promise<readonly Position[]>
}

/**
 * Asks for the end offsets. Calls share a request only if they were made before it went out: an answer must not be older than
 * the question, or a login misses what was appended between the two. [G1]
 */
export const createWatermark = ({ log, topics }: { readonly log: EventLog; readonly topics: Topics }): Watermark => {
  let asking: Promise<readonly Position[]> | undefined
  let next: Promise<readonly Position[]> | undefined

  const ask = async (): Promise<readonly Position[]> => {
    const ends = await log.ends(topics.events)
    return [...ends].flatMap(([partition, end]) => (end > 0 ? [{ partition, pos: end - 1 }] : []))
  }
  const begin = () => {
    asking = ask().finally(() => {
      asking = undefined
    })
    return asking
  }
  const now = () => {
    if (asking === undefined) return begin()
    if (next === undefined) {
      const start = () => {
        next = undefined
        return begin()
      }
      next = asking.then(start, start)
    }
    return next
  }

  return {
    now,
    ofPartition: async (partition) => (await now()).filter((position) => position.partition === partition),
  }
}
