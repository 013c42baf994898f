import { aboutMessage } from './about-message.ts'
import type { FrameOf } from './handler.ts'

/** `report`: tells operators of a message. Nobody else hears of it. PROTOCOL §2. */
export const report = aboutMessage<FrameOf<'report'>>((about, { reason }) => ({
  ...{ type: 'ReportMessage', ...about },
  ...{ reason: Buffer.from(reason), keyId: null },
}))
