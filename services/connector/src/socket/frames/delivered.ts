import { effect } from './handler.ts'

/** `delivered`: everything up to `seq` reached this device. PROTOCOL §2. */
export const delivered = effect<'delivered'>((frame, caller, { receipts }) =>
  receipts.advance(caller, frame.conversation, 'delivered', frame.seq),
)
