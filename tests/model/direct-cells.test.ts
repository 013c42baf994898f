import { afterAll, beforeAll, expect, test } from 'vitest'
import { join, type Person } from '../memory/people.ts'
import { startWorld, type World } from '../memory/world.ts'
import { type Asking, createAsking } from './asking.ts'
import { readCells } from './table.ts'

/** What is between two, as the one who acts sees it. */
const columns = 'nothing asked wasAsked friends blocks isBlocked self nobody'.split(' ')
const legend = {
  blk: 'blocked',
  forb: 'forbidden',
  frd: 'already_friends',
  many: 'too_many',
  nof: 'not_found',
  nofr: 'not_friend',
  inv: 'invalid',
  none: 'no_such_user',
}

/** As `docs/rules.md` says it, written by hand. */
const cells = readCells(
  `
send          ok   ok   ok   ok   blk  blk  ok   none
edit own      ok   ok   ok   ok   blk  blk  ok   -
edit other    forb forb forb forb blk  blk  -    -
delete own    ok   ok   ok   ok   ok   ok   ok   -
delete other  forb forb forb forb forb forb -    -
report own    ok   ok   ok   ok   ok   ok   ok   -
report other  ok   ok   ok   ok   ok   ok   -    -
react         ok   ok   ok   ok   blk  blk  ok   -
unreact       ok   ok   ok   ok   blk  blk  ok   -
typing        ok   ok   ok   ok   blk  blk  ok   -
pin           ok   ok   ok   ok   blk  blk  ok   -
unpin         ok   ok   ok   ok   blk  blk  ok   -
request       ok   many ok   frd  blk  blk  inv  none
withdraw      nof  ok   nof  nof  nof  nof  inv  none
accept        nof  nof  ok   nof  blk  blk  inv  none
decline       nof  nof  ok   nof  nof  nof  inv  none
remove        nofr nofr nofr ok   nofr nofr inv  none
block         ok   ok   ok   ok   ok   ok   inv  none
unblock       ok   ok   ok   ok   ok   ok   inv  none
`,
  columns,
  legend,
)

let world: World
let write: Asking

beforeAll(async () => {
  world = await startWorld()
  write = createAsking(world).write
})
afterAll(() => world.stop())

const text = { kind: 'text', text: 'hi' }
const nobody = 2_000_000_011

interface Pair {
  readonly me: Person
  readonly peer: Person | undefined
  /** Whom it is about; himself, or nobody. */
  readonly other: number
  readonly conversation: string
  readonly own: number
  readonly others: number
}

let pairs = 0

const must = async (person: Person, frame: Readonly<Record<string, unknown>>) => {
  const answer = await write(person, frame)
  expect(answer, JSON.stringify(frame)).toMatchObject({ op: 'ok' })
  return answer
}

/** Two new people with a message of each, and between them what the column says. */
const createPair = async (column: string): Promise<Pair> => {
  const number = pairs++
  const me = await join(world, `me ${number}`, 0)
  if (column === 'nobody') return { me, peer: undefined, other: nobody, conversation: '', own: 0, others: 0 }
  const peer = column === 'self' ? me : await join(world, `other ${number}`, 0)
  const mine = await must(me, { op: 'send', to: { user: peer.userId }, body: text })
  const theirs = await must(peer, { op: 'send', to: { user: me.userId }, body: text })
  if (column === 'asked' || column === 'friends') await must(me, { op: 'friend.request', user: peer.userId })
  if (column === 'friends') await must(peer, { op: 'friend.accept', user: me.userId })
  if (column === 'wasAsked') await must(peer, { op: 'friend.request', user: me.userId })
  if (column === 'blocks') await must(me, { op: 'block', user: peer.userId })
  if (column === 'isBlocked') await must(peer, { op: 'block', user: me.userId })
  return {
    ...{ me, peer, other: peer.userId, conversation: String(mine.conversation) },
    ...{ own: Number(mine.seq), others: Number(theirs.seq) },
  }
}

/** A connector has room for so many. */
const leave = ({ me, peer }: Pair): void => {
  me.client.close()
  peer?.client.close()
}

const frameOf = (command: string, { other, conversation, own, others }: Pair): Readonly<Record<string, unknown>> => {
  const [op = '', whose] = command.split(' ')
  const seq = whose === 'own' ? own : others
  switch (op) {
    case 'send':
      return { op, to: { user: other }, body: text }
    case 'edit':
      return { op, conversation, seq, body: text }
    case 'react':
    case 'unreact':
      return { op, conversation, seq, emoji: '👍' }
    case 'typing':
      return { op, conversation, isTyping: true }
    case 'report':
      return { op, conversation, seq, reason: 'rude' }
    case 'delete':
    case 'pin':
    case 'unpin':
      return { op, conversation, seq }
    case 'block':
    case 'unblock':
      return { op, user: other }
    default:
      return { op: `friend.${op}`, user: other }
  }
}

test('between two, everybody is answered by what is between them', async () => {
  const differences: string[] = []
  for (const column of columns) {
    let pair: Pair | undefined
    for (const [command, byColumn] of cells) {
      const ought = byColumn.get(column)
      if (ought === undefined) continue
      pair ??= await createPair(column)
      const answer = await write(pair.me, frameOf(command, pair))
      const is = answer.op === 'ok' ? 'ok' : String(answer.code)
      if (is !== ought) differences.push(`${command}, ${column}: ${is} (${String(answer.message)}), not ${ought}`)
      if (is !== 'ok') continue
      leave(pair) // There is something else between them now.
      pair = undefined
    }
    if (pair !== undefined) leave(pair)
  }
  expect(differences).toEqual([])
}, 120_000)
