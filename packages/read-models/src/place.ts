/** Where an event stands in the log. */
export interface Place {
  readonly partition: number
  readonly pos: number
}
