import { Type } from 'typebox'
import { messageBody } from './body.ts'
import { clientMsgId, conversation, pageCursor, pageLimit, seq, strict, text } from './fields.ts'
import { emojiBytesMax, reasonCodePointsMax } from './limits.ts'

/** Requests about a message that is there. PROTOCOL §2. */
const ref = Type.Integer({ minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER })

/** The message at `seq` of a conversation; every writing request may carry a `clientMsgId`. */
const about = { ref, conversation, seq, clientMsgId: Type.Optional(clientMsgId) }

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })
/** What emoji are made of: pictures, digits and flags of letters and tags, joiners, skin tones, and how they are to be shown. */
const emojiPart =
  /^(?:[\p{Extended_Pictographic}\p{Emoji}\p{Emoji_Modifier}\p{RI}\u{e0020}-\u{e007f}]|\u200d|\ufe0e|\ufe0f|\u20e3)+$/u
/** One of them is seen: a digit alone, or a joiner, is none. */
const emojiCore = /[\p{Extended_Pictographic}\p{RI}]|\u20e3/u

/** One grapheme cluster that is an emoji, as the client wrote it. New ones of later versions of Unicode are known by its rules. */
const isEmoji = (text: string): boolean =>
  text.length <= emojiBytesMax &&
  emojiPart.test(text) &&
  emojiCore.test(text) &&
  new TextEncoder().encode(text).length <= emojiBytesMax &&
  [...graphemes.segment(text)].length === 1

const emoji = Type.Refine(
  Type.String({ description: `One emoji (a grapheme cluster) of at most ${emojiBytesMax} bytes.` }),
  isEmoji,
  () => `must be one emoji of at most ${emojiBytesMax} bytes`,
)

const edit = Type.Object({ op: Type.Literal('edit'), ...about, body: messageBody }, strict)
const deleteMessage = Type.Object({ op: Type.Literal('delete'), ...about }, strict)
const react = Type.Object({ op: Type.Literal('react'), ...about, emoji }, strict)
const unreact = Type.Object({ op: Type.Literal('unreact'), ...about, emoji }, strict)
const pin = Type.Object({ op: Type.Literal('pin'), ...about }, strict)
const unpin = Type.Object({ op: Type.Literal('unpin'), ...about }, strict)
const report = Type.Object({ op: Type.Literal('report'), ...about, reason: text(1, reasonCodePointsMax) }, strict)
const edits = Type.Object(
  {
    op: Type.Literal('edits'),
    ref,
    conversation,
    seq,
    after: Type.Optional(pageCursor),
    limit: Type.Optional(pageLimit),
  },
  strict,
)

/** The schema of each, by its op. */
export const messageSchemas = { edit, delete: deleteMessage, react, unreact, pin, unpin, report, edits } as const
