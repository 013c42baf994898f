/**
 * The world failed (a broker, a database, a deadline), as opposed to a rejection (a value) or a bug (`assert`).
 * `code` is stable and tested; `isRetryable` says whether the same call may succeed later; `cause` keeps the original.
 */
export class Fault extends Error {
  readonly code: string
  readonly isRetryable: boolean
  constructor(
    code: string,
    message: string,
    options: { readonly isRetryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'Fault'
    this.code = code
    this.isRetryable = options.isRetryable ?? true
  }
}

export const isFault = (error: unknown, code?: string): error is Fault =>
  error instanceof Fault && (code === undefined || error.code === code)
