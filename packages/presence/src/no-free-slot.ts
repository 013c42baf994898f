import { Fault } from '@chat/runtime'

/** Both adapters refuse alike. */
export const noFreeSlot = (slots: number): Fault =>
  new Fault('no_free_slot', `all ${slots} delivery slots are leased: more connectors than slots`, {
    isRetryable: false,
  })
