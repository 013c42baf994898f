/** What a topic is for: it decides acknowledgements, retention and which client connection of the log carries it. */
export type TopicKind = 'commands' | 'events' | 'receipts' | 'signals' | 'deliveries' | 'snapshots' | 'deadLetters'

export interface Topic {
  readonly name: string
  readonly kind: TopicKind
  readonly partitions: number
}

/** A world: one set of topics on a cluster. `partitions` (P) and `slots` are fixed when its topics are created. */
export interface World {
  /** `CHAT_LOG_PREFIX`, with its trailing dot. */
  readonly prefix: string
  readonly partitions: number
  readonly slots: number
}

export interface Topics {
  readonly commands: Topic
  readonly events: Topic
  readonly receipts: Topic
  readonly signals: Topic
  readonly snapshots: Topic
  readonly deadLetters: Topic
  /** Everybody's: used while presence cannot be trusted. */
  readonly deliveryAll: Topic
  /** One partition each; index = slot. */
  readonly deliveries: readonly Topic[]
}

/** The names of the topic table in docs/architecture.md, the one place in the code where they stand. */
export const createTopics = ({ prefix, partitions, slots }: World): Topics => {
  const topic = (name: string, kind: TopicKind, count: number): Topic => ({
    name: `${prefix}${name}`,
    kind,
    partitions: count,
  })
  return {
    commands: topic('commands.v1', 'commands', partitions),
    events: topic('events.v1', 'events', partitions),
    receipts: topic('receipts.v1', 'receipts', partitions),
    signals: topic('signals.v1', 'signals', partitions),
    snapshots: topic('snapshots.v1', 'snapshots', partitions),
    deadLetters: topic('dlq.v1', 'deadLetters', partitions),
    deliveryAll: topic('delivery.all', 'deliveries', 1),
    deliveries: Array.from({ length: slots }, (_, slot) =>
      topic(`delivery.${String(slot).padStart(3, '0')}`, 'deliveries', 1),
    ),
  }
}

export const allTopics = (topics: Topics): readonly Topic[] => [
  topics.commands,
  topics.events,
  topics.receipts,
  topics.signals,
  topics.snapshots,
  topics.deadLetters,
  topics.deliveryAll,
  ...topics.deliveries,
]
