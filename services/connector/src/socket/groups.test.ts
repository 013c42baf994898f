import type { Presence } from '@chat/presence'
import { Fault } from '@chat/runtime'
import { expect, test } from 'vitest'
import { ask, connect, createReadyWorld, deviceOf, type TestWorld } from '../test-world.ts'

const groupOf = async (world: TestWorld, client: Parameters<typeof ask>[1]) =>
  String(
    (await ask(world, client, { op: 'group.create', ref: 90, title: 'T', visibility: 'private', members: [2, 3] }))
      .conversation,
  )

test('each op of a group becomes its command', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  world.flags.script = () => ({ conversation: 'g1', seq: 2, pos: 1, at: world.clock.now() })
  const frames = [
    { op: 'group.change', title: 'Tea', posting: 'admins' },
    { op: 'group.invite', users: [2, 3, 2] },
    ...['approve', 'refuse', 'kick', 'ban', 'unban', 'transfer'].map((op) => ({ op: `group.${op}`, user: 2 })),
    { op: 'group.mute', user: 2, untilMs: 5 },
    { op: 'group.role', user: 2, role: 'admin' },
    { op: 'group.close' },
    { op: 'group.leave' },
  ]
  for (const [ref, frame] of frames.entries())
    expect(await ask(world, client, { ...frame, ref: ref + 1, conversation: 'g1' })).toMatchObject({ op: 'ok', seq: 2 })
  const sent = { conversation: 'g1', actor: 1, device: deviceOf(1) }
  expect(world.commands).toMatchObject([
    {
      ...{ type: 'ChangeGroup', ...sent, title: Buffer.from('Tea'), description: null, joinPolicy: null },
      ...{ history: null, posting: 'admins', keyId: null },
    },
    { type: 'InviteMembers', ...sent, users: [2, 3], unknown: [] },
    { type: 'ApproveJoin', ...sent, user: 2 },
    { type: 'RefuseJoin', ...sent, user: 2 },
    { type: 'RemoveMember', ...sent, user: 2 },
    { type: 'BanMember', ...sent, user: 2, isKnown: true },
    { type: 'UnbanMember', ...sent, user: 2 },
    { type: 'TransferGroup', ...sent, user: 2 },
    { type: 'MuteMember', ...sent, user: 2, untilMs: 5 },
    { type: 'ChangeRole', ...sent, user: 2, role: 'admin' },
    { type: 'CloseGroup', ...sent },
    { type: 'LeaveGroup', ...sent },
  ])
})

test('who does not exist is named in the command, for the router looks at the right of the actor first', async () => {
  const { world, connector } = await createReadyWorld()
  const client = await connect(world, connector, 1)
  world.flags.script = () => ({ outcome: 'rejected', code: 'no_such_user' })
  await ask(world, client, { op: 'group.invite', ref: 1, conversation: 'g1', users: [2, 99, 98] })
  await ask(world, client, { op: 'group.ban', ref: 2, conversation: 'g1', user: 99 })
  expect(world.commands).toMatchObject([
    { type: 'InviteMembers', users: [2, 99, 98], unknown: [99, 98] },
    { type: 'BanMember', user: 99, isKnown: false },
  ])
})

test('members are listed with who is online, their mutes while they last, and who asks to join', async () => {
  const { world, connector } = await createReadyWorld()
  const ann = await connect(world, connector, 1)
  await connect(world, connector, 2)
  const conversation = await groupOf(world, ann)
  const partition = (Number(conversation.slice(1)) - 1) % 4
  const happened = (seq: number) => ({
    ...{ conversation, seq, actor: 1, device: 'd', at: world.clock.now(), clientMsgId: world.newId() },
  })
  const untilMs = world.clock.now() + 10_000
  await world.append(partition, { type: 'MemberMuted', ...happened(2), user: 3, untilMs })
  await world.append(partition, { type: 'JoinRequested', ...happened(3), user: 4 })
  const members = await ask(world, ann, { op: 'members', ref: 2, conversation })
  expect(members).toMatchObject({
    items: [
      { user: { id: 1 }, role: 'owner', online: true },
      { user: { id: 2 }, role: 'member', online: true },
      { user: { id: 3 }, role: 'member', online: false, mutedUntil: new Date(untilMs).toISOString() },
    ],
    requests: [{ user: { id: 4, name: 'user4' }, at: expect.stringMatching(/Z$/) }],
  })
  await world.clock.advance(10_000)
  const later = await ask(world, ann, { op: 'members', ref: 3, conversation })
  expect((later as { items?: object[] }).items?.[2]).not.toHaveProperty('mutedUntil')
})

test('members are listed without presence, too', async () => {
  let isAway = false
  const { world, connector } = await createReadyWorld({})
  const presence: Presence = {
    ...world.presence,
    lookup: (users) =>
      isAway ? Promise.reject(new Fault('presence_unavailable', 'away')) : world.presence.lookup(users),
  }
  const other = world.connector({ presence })
  await other.service.start()
  const ann = await connect(world, other, 1)
  const conversation = await groupOf(world, await connect(world, connector, 1, { device: 5 }))
  isAway = true
  const members = await ask(world, ann, { op: 'members', ref: 2, conversation })
  expect(members).toMatchObject({ op: 'ok', items: [{ user: { id: 1 } }, { user: { id: 2 } }, { user: { id: 3 } }] })
  expect((members as { items?: object[] }).items?.[0]).not.toHaveProperty('online')
})

test('an invitation is told with its time, on the first page of conversations', async () => {
  const { world, connector } = await createReadyWorld()
  const [ann, dan] = [await connect(world, connector, 1), await connect(world, connector, 4)]
  const conversation = await groupOf(world, ann)
  const partition = (Number(conversation.slice(1)) - 1) % 4
  const at = world.clock.now()
  await world.append(partition, {
    ...{ type: 'MemberInvited', conversation, seq: 2, actor: 1, device: 'd', at, clientMsgId: world.newId() },
    user: 4,
  })
  expect(await ask(world, dan, { op: 'conversations', ref: 2 })).toMatchObject({
    items: [],
    invitations: [{ conversation, title: 'T', by: 1, at: new Date(at).toISOString() }],
  })
  expect(await ask(world, dan, { op: 'conversation', ref: 3, conversation })).toMatchObject({
    conversation: { id: conversation, title: 'T', invited: true },
  })
  expect(await ask(world, ann, { op: 'conversation', ref: 4, conversation })).toMatchObject({
    conversation: { role: 'owner', posting: 'all' },
  })
})
