import type { Topic } from '@chat/schemas'
import type { LogOutages } from './log.ts'

/** Partitions without a leader: the same of all topics, as those that one broker led. */
export interface Outages extends LogOutages {
  begin(partition: number): void
  end(partition: number): void
}

export const createOutages = (): Outages => {
  const away = new Map<number, PromiseWithResolvers<void>>()
  // Deliveries have one partition each and other leaders: they are spared.
  const isSpared = ({ kind }: Topic) => kind === 'deliveries' || kind === 'deadLetters'
  return {
    isAway: (topic, partition) => !isSpared(topic) && away.has(partition),
    back: async (topic, partition) => {
      if (!isSpared(topic)) await away.get(partition)?.promise
    },
    begin: (partition) => {
      if (!away.has(partition)) away.set(partition, Promise.withResolvers<void>())
    },
    end: (partition) => {
      away.get(partition)?.resolve()
      away.delete(partition)
    },
  }
}
