import { effect } from './handler.ts'

/** `read`: everything up to `seq` was read on this device. PROTOCOL §2. */
export const readFrame = effect<'read'>((frame, caller, { receipts }) =>
  receipts.advance(caller, frame.conversation, 'read', frame.seq),
)
