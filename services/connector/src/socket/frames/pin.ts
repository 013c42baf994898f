import { aboutMessage } from './about-message.ts'
import type { FrameOf } from './handler.ts'

/** `pin`, `unpin`: a message among those of its conversation that are to be found at once. PROTOCOL §2. */
export const pin = aboutMessage<FrameOf<'pin'>>((about) => ({ type: 'PinMessage', ...about }))
export const unpin = aboutMessage<FrameOf<'unpin'>>((about) => ({ type: 'UnpinMessage', ...about }))
