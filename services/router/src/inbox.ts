import type { StoredCommand } from '@chat/domain'
import type { StoredRecord } from '@chat/event-log'
import { decodeCommand } from '@chat/schemas'

/** Commands that wait at most, and bytes of their records; one fetch of the log may come on top. */
export const inboxCommandsMax = 4000
const inboxBytesMax = 8 * 1024 * 1024

export type InboxCommand = StoredCommand & { readonly record: StoredRecord }

/** The commands of one partition that were read and not yet decided for good, in order. One reader, one taker. */
export interface Inbox {
  /** Resolves when there is room for more. */
  push(records: readonly StoredRecord[], signal: AbortSignal): Promise<void>
  /** Everything that waits; stays until dropped. */
  waiting(): readonly InboxCommand[]
  /** Resolves when something waits, or `signal` aborts. */
  filled(signal: AbortSignal): Promise<void>
  drop(count: number): void
  /** Drops what lies before `cmd`: its outcome is in the log. */
  dropBefore(cmd: number): void
  clear(): void
}

export const createInbox = (): Inbox => {
  let commands: InboxCommand[] = []
  let bytes = 0
  let wakeTaker = () => {}
  let wakeReader = () => {}

  const isFull = () => commands.length >= inboxCommandsMax || bytes >= inboxBytesMax

  const drop = (count: number) => {
    if (count === 0) return
    for (const { record } of commands.splice(0, count)) bytes -= record.value?.length ?? 0
    if (!isFull()) wakeReader()
  }

  return {
    push: async (records, signal) => {
      for (const record of records) {
        commands.push(readCommand(record))
        bytes += record.value?.length ?? 0
      }
      wakeTaker()
      while (isFull() && !signal.aborted) await woken((wake) => (wakeReader = wake), signal)
    },
    waiting: () => commands,
    filled: async (signal) => {
      while (commands.length === 0 && !signal.aborted) await woken((wake) => (wakeTaker = wake), signal)
    },
    drop,
    dropBefore: (cmd) => {
      const kept = commands.findIndex((command) => command.cmd >= cmd)
      drop(kept === -1 ? commands.length : kept)
    },
    clear: () => {
      commands = []
      bytes = 0
      wakeReader()
    },
  }
}

/** Resolves at the next call of what `arm` is given, or when `signal` aborts. */
const woken = (arm: (wake: () => void) => void, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const wake = () => {
      signal.removeEventListener('abort', wake)
      resolve()
    }
    signal.addEventListener('abort', wake, { once: true })
    arm(wake)
  })

/** What cannot be read is decided too: it is refused in the log, so that it is read once. */
export const readCommand = (record: StoredRecord): InboxCommand => {
  const { offset: cmd, timestamp: atMs } = record
  const decoded = decodeCommand(record.headers.schema ?? '', record.value)
  return 'record' in decoded
    ? { cmd, atMs, record, command: decoded.record }
    : { cmd, atMs, record, undecodable: decoded.detail }
}
