import type { EventLog, Offset } from '@chat/event-log'
import type { Clock } from '@chat/runtime'
import type { Topic, Topics } from '@chat/schemas'

/** A log over topics that nobody else writes, P = 4 or more, 1 slot or more. The suite ensures the topics itself. */
export interface EventLogFixture {
  readonly log: EventLog
  readonly topics: Topics
  /** The clock that LogAppendTime comes from. */
  readonly clock: Clock
  /** Closes the log and removes what the fixture made. */
  readonly close: () => Promise<void>
  /** Deletes the records before `beginning`, as retention does. Required by `beginningsMove`. */
  readonly trim?: (topic: Topic, partition: number, beginning: Offset) => Promise<void>
  /** Removes the records from `end` on, as a lost disk does. Required by `endsMove`. */
  readonly truncate?: (topic: Topic, partition: number, end: Offset) => Promise<void>
}

/** What an adapter can honestly not show: tests for an absent feature are not registered. */
export interface EventLogFeatures {
  /** Beginnings of the events topic can move. */
  readonly beginningsMove: boolean
  /** The end of the events topic can fall. */
  readonly endsMove: boolean
  /** The records live in this process, so its memory says nothing about prefetch. */
  readonly isInProcess: boolean
}

/** Gives the fixture of the running suite; tests take their own partition or start at the end they find. */
export type Fixture = () => EventLogFixture
