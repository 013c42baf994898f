import { aboutMessage } from './about-message.ts'
import type { FrameOf } from './handler.ts'

/** `react`, `unreact`: an emoji on a message, or off it. PROTOCOL §2. */
export const react = aboutMessage<FrameOf<'react'>>((about, { emoji }) => ({ type: 'AddReaction', ...about, emoji }))
export const unreact = aboutMessage<FrameOf<'unreact'>>((about, { emoji }) => ({
  type: 'RemoveReaction',
  ...about,
  emoji,
}))
