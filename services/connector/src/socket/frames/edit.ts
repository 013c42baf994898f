import { aboutMessage } from './about-message.ts'
import type { FrameOf } from './handler.ts'

/** `edit`: another body for one's own message. PROTOCOL §2. */
export const edit = aboutMessage<FrameOf<'edit'>>((about, { body }, mentions, { editWindowMs: windowMs }) => ({
  type: 'EditMessage',
  ...about,
  windowMs,
  body: Buffer.from(JSON.stringify(body)),
  keyId: null,
  mentions,
}))
