/** A refusal of the server, or `disconnected`: the connection went before the answer came, and nobody knows whether it had an effect. */
export class ChatError extends Error {
  /** Stable, PROTOCOL §6. */
  readonly code: string
  readonly retry: 'never' | 'later' | 'reconnect'
  readonly retryAfterMs?: number

  constructor(refusal: {
    readonly code: string
    readonly message: string
    readonly retry: 'never' | 'later' | 'reconnect'
    readonly retryAfterMs?: number
  }) {
    super(refusal.message)
    this.name = 'ChatError'
    this.code = refusal.code
    this.retry = refusal.retry
    if (refusal.retryAfterMs !== undefined) this.retryAfterMs = refusal.retryAfterMs
  }
}

export const disconnected = (): ChatError =>
  new ChatError({ code: 'disconnected', message: 'not connected', retry: 'reconnect' })
