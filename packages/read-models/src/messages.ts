/** What the router is told of a message, as of the offset of its partition that was projected. */
export interface MessageFacts {
  /** null: there is none that this user may see. */
  readonly author: number | null
  /** ms since the epoch; 0 without an author. */
  readonly postedAt: number
  /** Everything before this offset was looked at; 0: nothing was. */
  readonly asOf: number
}

export interface EditsQuery {
  readonly user: number
  readonly conversation: string
  /** Of the message. */
  readonly seq: number
  /** The seq of the last one of the page before. */
  readonly after?: number
  readonly limit: number
}

/** One body that a message had: as posted, or by an edit at `seq`. */
export interface MessageVersion {
  readonly seq: number
  readonly actor: number
  readonly at: string
  readonly body: unknown
}

/** Oldest first. */
export type EditsPage = { readonly items: readonly MessageVersion[]; readonly next?: string } | 'no_such_message'
