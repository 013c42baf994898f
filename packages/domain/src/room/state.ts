/** An online room: whoever exists takes part in it, so nobody is stored as its member, and nobody has a role there. */
export interface Room {
  readonly kind: 'room'
  /** Only reading remains. */
  readonly isClosed: boolean
  readonly lastSeq: number
  /** `at` of its last event, ms. */
  readonly lastAtMs: number
}
