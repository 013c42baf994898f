import type { Session } from './connection-services.ts'

/** The registry a connection lives in. */
export interface ConnectionHome<Connection> {
  /** Monotonic ms as of the last tick: reading a clock for every frame is not worth it. */
  readonly nowMs: number
  newConnectionId(): string
  /** From now on pushes for the user come; an older connection of the device goes. */
  admit(connection: Connection, session: Session): void
  welcomed(connection: Connection): void
  forget(connection: Connection, session: Session | undefined): void
  /** The queue to this client is full: look at it with each tick. */
  watch(connection: Connection): void
}
