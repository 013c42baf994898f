export type Slot = number
export type Epoch = number
export type UserId = number

/** Where a user is connected: valid only while that slot's epoch is. */
export interface Location {
  readonly slot: Slot
  readonly epoch: Epoch
}
