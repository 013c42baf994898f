import type { Topic } from '@chat/schemas'

export type Partition = number
/** A safe integer. Adapters convert from the broker's 64 bits once and assert. */
export type Offset = number

export interface NewRecord {
  readonly key: string | null
  readonly value: Uint8Array | null
  /** UTF-8 text; numbers in decimal. */
  readonly headers: Readonly<Record<string, string>>
}

export interface StoredRecord {
  readonly offset: Offset
  /** LogAppendTime, ms since the epoch. */
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

export interface Batch {
  readonly topic: Topic
  readonly partition: Partition
  /** At most `appendRecordsMax`, at least one; their keys and values at most `batchBytesMax`. */
  readonly records: readonly NewRecord[]
}

export interface Appended {
  readonly baseOffset: Offset
  /** LogAppendTime of the batch, ms since the epoch. */
  readonly timestamp: number
  /**
   * Which connection to the partition's leader it travelled on. Another number than with the append before: the leader may be another
   * one, and what lies before this batch may have been cut and written anew since. Whoever keeps a position compares the record there.
   */
  readonly connection: number
}

/** Kafka clients group records quadratically above some thousand a request. */
export const appendRecordsMax = 1000
/**
 * Keys and values of one batch, bytes: what a broker takes at once (2 MiB), without room for headers. A draft of events closes at a
 * quarter of it.
 */
export const batchBytesMax = 2 * 1024 * 1024 - 128 * 1024

/**
 * An append-only log of topics, each split into partitions.
 *
 * Ordering: records of one partition are read in offset order, without holes; nothing is promised across partitions.
 * Append: all records of one batch land together and contiguously, or not at all. A rejected promise says nothing about the
 * effect: the records may be there. Callers that care read the log again. Calls for one partition made in order take effect
 * in order, unless one fails.
 * Not its job: validity of events (`isValid`), decoding, retries of meaning.
 */
export interface EventLog {
  /**
   * Resolves with the base offset of the batch once the replicas that its kind of topic asks for hold it. Batches that wait
   * for the same broker travel together; the failure of one fails all that travelled with it. Throws Fault
   * `log_unavailable` (nothing is known), or, when nothing was sent, `log_overloaded`, `batch_size` or `record_too_large`.
   */
  append(batch: Batch): Promise<Appended>
  /** Yields every record from `from` (inclusive) to `to` (exclusive), then ends. Throws Fault like `tail`. */
  read(
    topic: Topic,
    partition: Partition,
    from: Offset,
    to: Offset,
    signal: AbortSignal,
  ): AsyncIterable<readonly StoredRecord[]>
  /**
   * Like read, but never ends before `signal` aborts (then it returns). Throws Fault `offset_gone` when `from` lies before the
   * beginning, and `log_cut` when the end falls below what it already yielded or below `from`; it never skips ahead.
   * Outages are waited out. Compacted topics have holes: only there offsets may jump forward.
   */
  tail(topic: Topic, partition: Partition, from: Offset, signal: AbortSignal): AsyncIterable<readonly StoredRecord[]>
  /** The offset that the next record will get, per partition. */
  ends(topic: Topic): Promise<ReadonlyMap<Partition, Offset>>
  /** The offset of the first record still kept, per partition. */
  beginnings(topic: Topic): Promise<ReadonlyMap<Partition, Offset>>
  /**
   * Divides the partitions of `topic` among all members of `group`; sticky; co-operating processes only. It is a hint that
   * saves work: two members may believe they own a partition for seconds, and correctness never rests on it.
   */
  share(options: ShareOptions): Promise<Share>
  /** Creates what is missing, with the settings of its kind. Throws Fault `topic_mismatch` if one exists with another number of partitions. */
  ensureTopics(topics: readonly Topic[], options: EnsureTopicsOptions): Promise<void>
  /** Releases connections. Appends under way are waited for; later calls of anything throw Fault `log_closed`. */
  close(): Promise<void>
}

export interface EnsureTopicsOptions {
  readonly replicas: number
  /**
   * With fewer than 3 replicas: `each` (the default) acknowledges an event when the disk has it, `os` when the broker's operating
   * system has it, which survives a killed broker but no power cut.
   */
  readonly eventsFlush?: 'each' | 'os'
}

export interface ShareOptions {
  readonly topic: Topic
  readonly group: string
  /** Called with the whole new set after each change; returns at once. */
  readonly onAssigned: (partitions: ReadonlySet<Partition>) => void
  /** The membership died and cannot be had back: the process exits. */
  readonly onFatal: (error: unknown) => void
}

export interface Share {
  /** Asks the coordinator whether this member is still in the group; resolves with the partitions that are ours now. */
  verify(): Promise<ReadonlySet<Partition>>
  /** Leaves the group, so that others take over at once. */
  leave(): Promise<Left>
}

export interface Left {
  /** Somebody is there to take over. A group that cannot be asked has nobody. */
  readonly hasOthers: boolean
}

/** Header of stamped records: the offset that the writer meant this record to get. */
export const posHeader = 'pos'

/** The one rule that makes a writer's record count: it stands where its writer believed it would. [G8] */
export const isValid = (record: StoredRecord): boolean => record.headers[posHeader] === String(record.offset) // [G8]
