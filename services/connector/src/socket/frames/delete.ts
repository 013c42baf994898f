import { aboutMessage } from './about-message.ts'
import type { FrameOf } from './handler.ts'

/** `delete`: a message, for everybody. PROTOCOL §2. */
export const deleteMessage = aboutMessage<FrameOf<'delete'>>((about) => ({ type: 'DeleteMessage', ...about }))
