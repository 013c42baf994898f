import {
  at,
  createGroup,
  type GivenCommand,
  given,
  groupCreated,
  joinGroup,
  leaveGroup,
  memberJoined,
  memberLeft,
  messageId,
  messagePosted,
  otherDevice,
  postMessage,
  registerUser,
  stored,
  testWire,
} from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { commit, decideBatch, draftLimits } from './batch.ts'
import { applyEvent, createPartitionState } from './partition.ts'
import { openPolicy } from './policy.ts'
import { refusalsMax } from './refusal.ts'

const context = { wire: testWire, policy: openPolicy, limits: draftLimits, brokerTimeMs: at(0) }
const publicGroup = groupCreated(1, 12, [57], { normalisedName: 'tea' })
const id = messageId(4, 1)
const same = { clientMsgId: id }
const post = postMessage(13, 'g1', same)

describe('a command that comes again after it was refused [G11]', () => {
  test('is refused again, though it would be accepted now, and a new one is accepted', () => {
    const joined = given(publicGroup).when(post).thenRejected('not_member').when(joinGroup(13, 'g1'))
    const after = joined.then({ type: 'MemberJoined' }).when(post).thenRejected('not_member')
    after.when(postMessage(13, 'g1')).then({ type: 'MessagePosted', seq: 3 })
  })

  test('within one batch too', () => {
    const { draft } = given(publicGroup).when(post, joinGroup(13, 'g1'), post, postMessage(13, 'g1'))
    expect(draft.events.map(({ type }) => type)).toEqual(['MemberJoined', 'MessagePosted', 'CommandsRejected'])
    const refused = { conversation: 'g1', actor: 13, ...same }
    expect(draft.rejections).toMatchObject([
      { code: 'not_member', refused },
      { code: 'not_member', refused },
    ])
  })

  test('whatever it asked for: to join, to leave, to answer a message', () => {
    given(groupCreated(1, 12, [13], { normalisedName: 'tea' }))
      .when(joinGroup(13, 'g1', same))
      .thenRejected('already_member')
      .when(leaveGroup(13, 'g1'))
      .then({ type: 'MemberLeft' })
      .when(joinGroup(13, 'g1', same))
      .thenRejected('already_member')
    given(publicGroup)
      .when(leaveGroup(12, 'g1', same))
      .thenRejected('forbidden')
      .when(leaveGroup(57, 'g1'))
      .then({ type: 'MemberLeft' })
      .when(leaveGroup(12, 'g1', same))
      .thenRejected('forbidden')
    given()
      .when(postMessage(12, 'd12.57', { ...same, replyTo: 1 }))
      .thenRejected('no_such_message')
      .when(postMessage(57, 'd12.57'))
      .then({ type: 'MessagePosted' })
      .when(postMessage(12, 'd12.57', { ...same, replyTo: 1 }))
      .thenRejected('no_such_message')
    given()
      .when(post)
      .thenRejected('no_such_conversation')
      .when(createGroup(13))
      .then({ type: 'GroupCreated', conversation: 'g1' })
      .when(post)
      .thenRejected('no_such_conversation')
  })

  test('is told the same even when its sender stopped waiting long ago', () => {
    const after = given(publicGroup).when(post).thenRejected('not_member')
    const late = decideBatch([{ cmd: 9, ...post }], after.state, { ...context, brokerTimeMs: at(3600) })
    expect(late.rejections).toMatchObject([{ code: 'not_member' }])
  })

  test('is recognised by conversation, sender, device and id together, in either case', () => {
    const others = [
      postMessage(13, 'g1', { ...same, device: otherDevice }),
      postMessage(57, 'g1', same),
      postMessage(13, 'd13.57', same),
      postMessage(13, 'g1'),
    ]
    const after = given(publicGroup).when(post).thenRejected('not_member').when(joinGroup(13, 'g1'))
    const joined = after.then({ type: 'MemberJoined' })
    joined.when(...others).then(...others.map(() => ({ type: 'MessagePosted' }) as const))
    const upper = postMessage(13, 'g1', { clientMsgId: id.toUpperCase() })
    joined.when(upper).thenRejected('not_member')
  })
})

test('a refusal that invites to try again is not remembered', () => {
  const command = postMessage(12, 'd12.57', { ...same, after: messageId(3, 1) })
  given()
    .when(command)
    .thenRejected('out_of_order')
    .when(postMessage(12, 'd12.57', { clientMsgId: messageId(3, 1) }))
    .then({ type: 'MessagePosted' })
    .when(command)
    .then({ type: 'MessagePosted', seq: 2 })
})

test('a command that was too old may come again', () => {
  const old = postMessage(12, 'd12.57', same)
  const state = createPartitionState(0, 1, testWire)
  const draft = decideBatch([{ cmd: 0, ...old }], state, { ...context, brokerTimeMs: at(3600) })
  expect(draft.rejections).toEqual([{ cmd: 0, code: 'timeout', refused: null }])
  commit(state, draft)
  const again = decideBatch([{ cmd: 1, ...old, atMs: at(3600) }], state, { ...context, brokerTimeMs: at(3600) })
  expect(again.events).toMatchObject([{ type: 'MessagePosted' }])
})

test('the log says of a refusal that lasts which command it was, and of no other', () => {
  const nameless = { ...post, command: { ...post.command, device: 'x'.repeat(1000) } } as GivenCommand
  const commands = [
    post,
    createGroup(12, { normalisedName: 'tea' }),
    registerUser('ann'),
    registerUser('ann'),
    nameless,
  ]
  const { draft } = given(publicGroup).when(...commands)
  const device = 'a0000000-0000-4000-8000-000000000001'
  expect(draft.rejections.map(({ code, refused }) => [code, refused])).toEqual([
    ['not_member', { conversation: 'g1', actor: 13, device, clientMsgId: id }],
    ['name_taken', null],
    ['name_taken', null],
    ['not_member', null],
  ])
})

test('a refusal as older versions wrote it, or with a code that is not remembered, changes nothing', () => {
  const { state } = given(publicGroup)
  const refused = { conversation: 'g1', actor: 13, device: 'd', clientMsgId: id }
  const rejections = [
    { cmd: 1, code: 'not_member', refused: null },
    { cmd: 2, code: 'timeout', refused },
    { cmd: 3, code: 'unheard', refused },
  ]
  applyEvent(state, stored(state, { type: 'CommandsRejected', at: at(0), rejections }, 3), testWire)
  expect(state.tables.refusals.size).toBe(0)
})

test('the newest refusals are remembered, by whoever decided them and by whoever reads them, and older ones are not', () => {
  const [decided, read] = [given(publicGroup).state, given(publicGroup).state]
  const posts = Array.from({ length: refusalsMax + 2 }, (_, n) =>
    postMessage(13, 'g1', { clientMsgId: messageId(n, 2) }),
  )
  let cmd = 1
  for (let rest = posts; rest.length > 0; ) {
    const draft = decideBatch(
      rest.map((command, index) => ({ cmd: cmd + index, ...command })),
      decided,
      context,
    )
    // Else a draft could push out what it holds itself, and would come to another state than its event.
    expect(draft.taken).toBeLessThan(refusalsMax)
    commit(decided, draft)
    for (const event of draft.events) applyEvent(read, event, testWire)
    cmd += draft.taken
    rest = rest.slice(draft.taken)
  }
  expect(decided.tables.refusals.size).toBe(refusalsMax)
  expect([...read.tables.refusals]).toEqual([...decided.tables.refusals])
  const joined = memberJoined(13, 'g1', 2)
  applyEvent(decided, stored(decided, joined, cmd++), testWire)
  const [oldest, , kept] = posts
  if (oldest === undefined || kept === undefined) throw new Error('there are more than three')
  expect(decideBatch([{ cmd, ...kept }], decided, context).rejections).toMatchObject([{ code: 'not_member' }])
  expect(decideBatch([{ cmd, ...oldest }], decided, context).events).toMatchObject([{ type: 'MessagePosted' }])
})

test('an accepted command stays accepted, even if its sender may not write any more', () => {
  given(groupCreated(1, 12, [57]), messagePosted(57, 'g1', 2, same), memberLeft(57, 'g1', 3))
    .when(postMessage(57, 'g1'))
    .thenRejected('not_member')
    .when(postMessage(57, 'g1', same))
    .thenRepeated({ seq: 2 })
})
