/** Who is who in the cases. */
export interface FrameWorld {
  readonly self: number
  readonly other: number
  /** Of the caller alone, with one message: seq 1 and 2. */
  readonly ownGroup: string
  /** A private group that the caller was never in. */
  readonly foreignGroup: string
  /** Two others who talk. */
  readonly foreignDirect: string
}

/** A frame of somebody who said hello, without `ref`; the code of its answer, or `ok`. */
export type FrameCase = readonly [title: string, frame: (world: FrameWorld) => object, code: string]
