/** Messages of one call. */
export const ledgerBatchMax = 1_000

export interface LedgerEntry {
  readonly clientMsgId: string
  /** It was not there before this call. */
  readonly isNew: boolean
  readonly isDone: boolean
}

/**
 * What an import has written, so that another run of it writes nothing twice: an id for each message, kept before the message is put on
 * the log, and a mark when it is there. `key` says which message of the old server it is.
 * Every method throws Fault `credentials_unavailable` when the store cannot be reached in time.
 */
export interface ImportLedger {
  /** Resolves with what stands under each key: what is proposed, where there was nothing. The keys are different ones, at most `ledgerBatchMax`. */
  propose(
    proposed: readonly { readonly key: string; readonly clientMsgId: string }[],
  ): Promise<ReadonlyMap<string, LedgerEntry>>
  /** They are on the log. */
  settle(keys: readonly string[]): Promise<void>
  /** They will never be under their ids, and may be proposed anew. What is done stays. */
  forget(keys: readonly string[]): Promise<void>
  close(): Promise<void>
}
