import type { Clock, FetchJson, Random } from '@chat/sdk'
import type { Terminal } from './screen/terminal.ts'
import type { SessionFile } from './session/session-file.ts'

/** Everything that the program needs of the process it runs in. `platform.ts` has the real ones. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly random: Random
  /** Rejects with whatever the system says when nobody answers. */
  readonly fetchJson: FetchJson
  /** Of the folder of one user of the machine. */
  readonly openSessionFile: (folder: string) => SessionFile
  readonly input: Input
  readonly output: Output
  readonly errors: Output
  /** Where a person sits; absent: input or output is none. */
  readonly terminal?: Terminal
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP, and when nobody reads the output any more. */
  readonly stopped: AbortSignal
}

export interface Input {
  readonly isTTY: boolean
  /** Everything until its end. Throws when that is more than `bytesMax`. */
  text(bytesMax: number): Promise<string>
  /** One line that is typed unseen; undefined: the user gave up. Only on a terminal. */
  secret(prompt: string): Promise<string | undefined>
}

export interface Output {
  readonly isTTY: boolean
  write(text: string): void
}
