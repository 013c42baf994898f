/** How the program ends; scripts rely on the numbers. docs/cli.md */
export const exitCode = {
  ok: 0,
  /** The server said no, with a code. */
  refused: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No answer from the server. */
  unreachable: 3,
  /** Nobody is logged in, or the session has ended. */
  loggedOut: 4,
  /** This program is wrong. */
  internal: 70,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCode)[keyof typeof exitCode]

/** Ends the program with a message. `code`: of the protocol, or one of ours, for `--json`. */
export class Exit extends Error {
  readonly status: ExitCode
  readonly code: string
  readonly retryAfterMs?: number

  constructor(status: ExitCode, code: string, message: string, retryAfterMs?: number) {
    super(message)
    this.name = 'Exit'
    this.status = status
    this.code = code
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs
  }
}

export const usageError = (message: string): Exit => new Exit(exitCode.usage, 'usage', message)

export const loggedOut = (message = 'not logged in: chat login NAME, or chat register NAME'): Exit =>
  new Exit(exitCode.loggedOut, 'unauthorized', message)
