import type { FrameCase, FrameWorld } from './bad-input-world.ts'

const idMax = 2 ** 31 - 1

const writes: readonly (readonly [op: string, fields: object])[] = [
  ['edit', { body: { kind: 'text', text: 'x' } }],
  ['delete', {}],
  ['react', { emoji: '👍' }],
  ['unreact', { emoji: '👍' }],
  ['pin', {}],
  ['unpin', {}],
  ['report', { reason: 'spam' }],
]

const places: readonly (readonly [where: string, place: (world: FrameWorld) => object, code: string])[] = [
  ['what is no message', ({ ownGroup }) => ({ conversation: ownGroup, seq: 1 }), 'no_such_message'],
  ['what is not there yet', ({ ownGroup }) => ({ conversation: ownGroup, seq: idMax }), 'no_such_message'],
  ['seq 0', ({ ownGroup }) => ({ conversation: ownGroup, seq: 0 }), 'invalid'],
  ['a group he is not in', ({ foreignGroup }) => ({ conversation: foreignGroup, seq: 2 }), 'no_such_conversation'],
  ['a group that does not exist', () => ({ conversation: `g${idMax}`, seq: 2 }), 'no_such_conversation'],
  ['two others', ({ foreignDirect }) => ({ conversation: foreignDirect, seq: 1 }), 'no_such_conversation'],
  ['nobody', ({ self }) => ({ conversation: `d${self}.${idMax}`, seq: 1 }), 'no_such_user'],
]

const emojis: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['a word', 'nice'],
  ['a letter', 'a'],
  ['two emojis', '👍👍'],
  ['a zero-width joiner', '\u200d'],
  ['a zero-width space', '\u200b'],
  ['a direction mark behind an emoji', '👍\u202e'],
  ['10,000 combining marks', `👍${'\u0301'.repeat(10_000)}`],
  ['a family of 10,000', `👩${'\u200d👩'.repeat(10_000 / 8)}`],
  ['half a pair', '\ud83d'],
]

const own = ({ ownGroup }: FrameWorld) => ({ conversation: ownGroup, seq: 2 })

/** What is asked about messages that are not there, or not his, or with what is no emoji or no body. */
export const aboutMessages: readonly FrameCase[] = [
  ...writes.flatMap(([op, fields]) =>
    places.map(
      ([where, place, code]): FrameCase => [`${op} of ${where}`, (world) => ({ op, ...place(world), ...fields }), code],
    ),
  ),
  ...emojis.flatMap(([what, emoji]) =>
    ['react', 'unreact'].map(
      (op): FrameCase => [`${op} with ${what}`, (world) => ({ op, ...own(world), emoji }), 'invalid'],
    ),
  ),
  [
    'an edit of 4,001 characters',
    (world) => ({ op: 'edit', ...own(world), body: { kind: 'text', text: 'x'.repeat(4_001) } }),
    'too_large',
  ],
  [
    'an edit with custom data of more than 8 KiB',
    (world) => ({ op: 'edit', ...own(world), body: { kind: 'custom', type: 't', data: 'd'.repeat(8_191) } }),
    'too_large',
  ],
  [
    'edits of what is no message',
    ({ ownGroup }) => ({ op: 'edits', conversation: ownGroup, seq: 1 }),
    'no_such_message',
  ],
  [
    'edits of a group he is not in',
    ({ foreignGroup }) => ({ op: 'edits', conversation: foreignGroup, seq: 2 }),
    'not_found',
  ],
  ['edits of two others', ({ foreignDirect }) => ({ op: 'edits', conversation: foreignDirect, seq: 1 }), 'not_found'],
  [
    'edits with a cursor that is none: from the beginning',
    (world) => ({ op: 'edits', ...own(world), after: '%' }),
    'ok',
  ],
]
