/** A terminal that a person sits at. */
export interface Terminal {
  size(): Size
  /** Takes the whole screen, and keys one by one; `close` gives everything back as it was. Both idempotent. */
  open(): void
  close(): void
  write(text: string): void
  /** The returned function ends it. */
  onKey(listener: (key: Key) => void): () => void
  onResize(listener: () => void): () => void
}

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** As `readline` names keys; `text`: what it types. Pasted text comes between `paste-start` and `paste-end`. */
export interface Key {
  readonly name?: string | undefined
  readonly text?: string | undefined
  readonly ctrl?: boolean | undefined
  readonly meta?: boolean | undefined
  readonly shift?: boolean | undefined
  /** The bytes it came as. */
  readonly sequence?: string | undefined
}
