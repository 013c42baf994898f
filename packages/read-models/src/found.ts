export interface SearchQuery {
  readonly user: number
  /** As typed: every word of it is looked for, and nothing in it has a meaning of its own. */
  readonly query: string
  /** Absent: all that he is or was a member of, the newest 2,000. */
  readonly conversation?: string
  /** `next` of the page before. */
  readonly after?: string
  readonly limit: number
}

export interface FoundMessage {
  readonly conversation: string
  readonly seq: number
  /** ms since the epoch. */
  readonly at: number
  readonly actor: number
  /** The whole present text. */
  readonly text: string
  /** Where it says what was looked for: code points, `to` exclusive, in order and apart. */
  readonly highlights: readonly (readonly [from: number, to: number])[]
}

/** Newest first. `next` may be there although nothing follows, and an item may be missing from a page that has a `next`. */
export interface SearchPage {
  readonly items: readonly FoundMessage[]
  readonly next?: string
}

export interface PopularQuery {
  /** ms since the epoch, `to` exclusive; every hour that it touches counts whole. */
  readonly from: number
  readonly to: number
  readonly n: number
  /** Words that are not told. */
  readonly isHidden: (word: string) => boolean
}

export interface WordCount {
  readonly word: string
  readonly count: number
}
