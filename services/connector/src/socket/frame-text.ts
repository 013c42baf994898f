import { type CloseCode, closeCode, frameBytesMax, parseFrame, type RequestFrame } from '@chat/schemas/protocol'
import { refused } from '../answer.ts'
import type { Answer } from '../ports.ts'

/** What a text frame is: a request, one that is refused, or the end of the connection, after a refusal where it has a `ref`. PROTOCOL §5. */
export type FrameText =
  | { readonly frame: RequestFrame }
  | { readonly ref: number; readonly refusal: Answer }
  | {
      readonly close: CloseCode
      readonly reason: string
      readonly refusal?: { readonly ref: number; readonly answer: Answer }
    }

export const readFrameText = (text: string, isAwaitingHello: boolean): FrameText => {
  if (text.length * 3 > frameBytesMax && Buffer.byteLength(text) > frameBytesMax)
    return { close: closeCode.frameTooBig, reason: `a frame has at most ${frameBytesMax} bytes` }
  const parsed = parseFrame(text)
  if ('malformed' in parsed) return { close: closeCode.malformed, reason: 'not an object with op and ref' }
  const { op, ref } = 'frame' in parsed ? parsed.frame : parsed
  if (isAwaitingHello && op !== 'hello') {
    const answer = refused('unauthorized', 'the first frame must be hello')
    return { close: closeCode.malformed, reason: 'hello missing', refusal: { ref, answer } }
  }
  return 'error' in parsed ? { ref, refusal: refused(parsed.error, parsed.message) } : parsed
}
