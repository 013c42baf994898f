import {
  approveJoin,
  at,
  banMember,
  changeGroup,
  changeRole,
  given,
  groupCreated,
  inviteMembers,
  joinGroup,
  joinRequested,
  leaveGroup,
  memberBanned,
  memberInvited,
  messageId,
  muteMember,
  postMessage,
  refuseJoin,
  removeMember,
  roleChanged,
  transferGroup,
} from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { groupBansMax, groupMembersMax, groupOpenMax } from './state.ts'

const [ann, bob, eve, dan] = [101, 102, 103, 104]
const publicly = { normalisedName: 'tea' }
const many = (count: number) => Array.from({ length: count }, (_, index) => 1000 + index)

const groupOf = (scenario: ReturnType<typeof given>) => {
  const group = scenario.state.tables.conversations.get('g1')
  if (group?.kind !== 'group') throw new Error('there is no group')
  return group
}

describe('invitations and requests', () => {
  test('several are invited by one command, each by an event, and a repetition is answered with the first', () => {
    const once = { clientMsgId: messageId(9) }
    given(groupCreated(1, ann))
      .when(inviteMembers(ann, 'g1', [bob, eve, bob], once))
      .then({ type: 'MemberInvited', seq: 2, user: bob, actor: ann }, { type: 'MemberInvited', seq: 3, user: eve })
      .when(inviteMembers(ann, 'g1', [bob, eve, bob], once))
      .thenRepeated({ conversation: 'g1', seq: 2, pos: 1 })
  })

  test('the invited joins, and is invited no longer', () => {
    const scenario = given(groupCreated(1, ann), memberInvited(ann, 'g1', 2, bob))
      .when(joinGroup(bob, 'g1'), leaveGroup(bob, 'g1'))
      .then({ type: 'MemberJoined', user: bob, actor: bob }, { type: 'MemberLeft' })
    scenario.when(joinGroup(bob, 'g1')).thenRejected('forbidden')
  })

  test('who asks becomes a member by an approval', () => {
    given(groupCreated(1, ann, [], { ...publicly, joinPolicy: 'request' }))
      .when(joinGroup(bob, 'g1'))
      .then({ type: 'JoinRequested', user: bob, actor: bob, seq: 2 })
      .when(approveJoin(ann, 'g1', bob), postMessage(bob, 'g1'))
      .then({ type: 'MemberJoined', user: bob, actor: ann, seq: 3 }, { type: 'MessagePosted' })
      .when(approveJoin(ann, 'g1', bob))
      .thenRejected('not_found')
  })

  test('a refusal ends an invitation and a request, and both may come again', () => {
    const asked = given(
      groupCreated(1, ann, [], { ...publicly, joinPolicy: 'request' }),
      joinRequested(bob, 'g1', 2),
      memberInvited(ann, 'g1', 3, bob),
    )
      .when(refuseJoin(ann, 'g1', bob))
      .then({ type: 'JoinRefused', user: bob, actor: ann })
    asked.when(refuseJoin(bob, 'g1', bob)).thenRejected('not_found')
    given(groupCreated(1, ann, [], { ...publicly, joinPolicy: 'request' }), joinRequested(bob, 'g1', 2))
      .when(refuseJoin(bob, 'g1', bob), joinGroup(bob, 'g1'))
      .then({ type: 'JoinRefused', actor: bob }, { type: 'JoinRequested' })
  })

  test('a ban ends an invitation and a request', () => {
    given(groupCreated(1, ann), memberInvited(ann, 'g1', 2, bob))
      .when(banMember(ann, 'g1', bob))
      .then({ type: 'MemberBanned', user: bob })
      .when(refuseJoin(ann, 'g1', bob))
      .thenRejected('not_found')
  })

  test('an invitation for nobody is none', () => {
    given(groupCreated(1, ann))
      .when(inviteMembers(ann, 'g1', []))
      .thenRejected('invalid')
  })

  test('the first who does not fit decides, and nobody is invited', () => {
    const scenario = given(groupCreated(1, ann, [bob]), memberBanned(ann, 'g1', 2, eve))
    const invite = (users: readonly number[]) => inviteMembers(ann, 'g1', users, { unknown: [dan] })
    const after = scenario.when(invite([50, eve, dan, bob])).thenRejected('banned')
    after.when(invite([50, dan, eve])).thenRejected('no_such_user')
    expect(groupOf(after).invited.size).toBe(0)
  })

  test(`invitations and requests are at most ${groupOpenMax} together, and who is invited may be again`, () => {
    const full = given(
      groupCreated(1, ann, [], { ...publicly, joinPolicy: 'request' }),
      ...many(groupOpenMax - 1).map((user, index) => memberInvited(ann, 'g1', index + 2, user)),
    )
      .when(joinGroup(bob, 'g1'))
      .then({ type: 'JoinRequested' })
    full.when(joinGroup(eve, 'g1')).thenRejected('too_many')
    const still = full.when(inviteMembers(ann, 'g1', [eve, 1000])).thenRejected('too_many')
    still.when(inviteMembers(ann, 'g1', [1000, 1001])).then({ type: 'MemberInvited' }, { type: 'MemberInvited' })
  })

  test('nobody is approved into a full group', () => {
    given(
      groupCreated(1, ann, many(groupMembersMax - 1), { ...publicly, joinPolicy: 'request' }),
      joinRequested(bob, 'g1', 2),
    )
      .when(approveJoin(ann, 'g1', bob))
      .thenRejected('too_many')
  })
})

describe('bans', () => {
  test('a ban ends the stay, who is banned does not come back, and a ban may be said again', () => {
    const banned = given(groupCreated(1, ann, [bob], publicly))
      .when(banMember(ann, 'g1', bob), banMember(ann, 'g1', bob))
      .then({ type: 'MemberBanned', user: bob }, { type: 'MemberBanned' })
    banned.when(postMessage(bob, 'g1')).thenRejected('banned')
    banned.when(joinGroup(bob, 'g1')).thenRejected('banned')
    banned.when(leaveGroup(bob, 'g1')).thenRejected('banned')
  })

  test(`at most ${groupBansMax} are banned`, () => {
    const full = given(groupCreated(1, ann, [], publicly))
    full.state.tables.conversations.set('g1', { ...groupOf(full), banned: new Set(many(groupBansMax)) })
    const still = full.when(banMember(ann, 'g1', bob)).thenRejected('too_many')
    still.when(banMember(ann, 'g1', 1000)).then({ type: 'MemberBanned' })
  })

  test('who was sent away from a public group may come back', () => {
    given(groupCreated(1, ann, [bob], publicly))
      .when(removeMember(ann, 'g1', bob), joinGroup(bob, 'g1'))
      .then({ type: 'MemberRemoved', user: bob, seq: 2 }, { type: 'MemberJoined', seq: 3 })
  })
})

describe('mutes', () => {
  const muted = (untilMs: number) =>
    given(groupCreated(1, ann, [bob]))
      .when(muteMember(ann, 'g1', bob, untilMs))
      .then({ type: 'MemberMuted', untilMs })

  test('a mute holds until its time, as the log tells it', () => {
    const scenario = muted(at(60))
      .when(postMessage(bob, 'g1', { atMs: at(59) }))
      .thenRejected('muted')
    scenario.when(postMessage(bob, 'g1', { atMs: at(60) })).then({ type: 'MessagePosted' })
  })

  test('a time that is past ends it', () => {
    const scenario = muted(at(60))
      .when(muteMember(ann, 'g1', bob, 0))
      .then({ type: 'MemberMuted', untilMs: 0 })
    scenario.when(postMessage(bob, 'g1')).then({ type: 'MessagePosted' })
    muted(at(-1)).when(postMessage(bob, 'g1')).then({ type: 'MessagePosted' })
  })

  test('an admin who is muted still does what admins do', () => {
    given(groupCreated(1, ann, [bob, eve]), roleChanged(ann, 'g1', 2, bob, 'admin'))
      .when(muteMember(ann, 'g1', bob, at(60)), removeMember(bob, 'g1', eve))
      .then({ type: 'MemberMuted' }, { type: 'MemberRemoved' })
  })
})

describe('owners', () => {
  test('a transfer makes the other the owner and the owner an admin; its repetition is answered with the first event', () => {
    const once = { clientMsgId: messageId(9) }
    const after = given(groupCreated(1, ann, [bob]))
      .when(transferGroup(ann, 'g1', bob, once))
      .then(
        { type: 'RoleChanged', user: bob, role: 'owner', seq: 2, actor: ann },
        { type: 'RoleChanged', user: ann, role: 'admin', seq: 3 },
      )
      .when(transferGroup(ann, 'g1', bob, once))
      .thenRepeated({ seq: 2, pos: 1 })
    after.when(leaveGroup(ann, 'g1')).then({ type: 'MemberLeft' })
    after.when(leaveGroup(ann, 'g1')).thenRejected('not_member')
  })

  test('the last owner keeps his role, and leaves last', () => {
    const scenario = given(groupCreated(1, ann, [bob]))
    scenario.when(changeRole(ann, 'g1', ann, 'member')).thenRejected('forbidden')
    scenario.when(leaveGroup(ann, 'g1')).thenRejected('forbidden')
    scenario
      .when(changeRole(ann, 'g1', bob, 'owner'), changeRole(ann, 'g1', ann, 'member'), leaveGroup(ann, 'g1'))
      .then({ type: 'RoleChanged', role: 'owner' }, { type: 'RoleChanged', role: 'member' }, { type: 'MemberLeft' })
  })

  test('a role is one of three', () => {
    given(groupCreated(1, ann, [bob]))
      .when(changeRole(ann, 'g1', bob, 'king'))
      .thenRejected('invalid')
  })

  test('a change says at least one thing, and what it does not say stays', () => {
    const scenario = given(groupCreated(1, ann, [bob], { ...publicly, joinPolicy: 'open' }))
      .when(changeGroup(ann, 'g1', {}))
      .thenRejected('invalid')
      .when(changeGroup(ann, 'g1', { title: Buffer.from('Tea') }), joinGroup(eve, 'g1'))
      .then({ type: 'GroupChanged', title: Buffer.from('Tea'), joinPolicy: null }, { type: 'MemberJoined' })
    scenario
      .when(changeGroup(ann, 'g1', { joinPolicy: 'invite' }), changeGroup(ann, 'g1', { joinPolicy: 'open' }))
      .then({ type: 'GroupChanged' }, { type: 'GroupChanged' })
      .when(joinGroup(dan, 'g1'))
      .then({ type: 'MemberJoined' })
  })
})

test('an event of a large group that is no membership event copies no members', () => {
  const scenario = given(groupCreated(1, ann, many(groupMembersMax - 1), publicly))
  const { members } = groupOf(scenario)
  const after = scenario
    .when(postMessage(ann, 'g1'), inviteMembers(ann, 'g1', [bob]), changeGroup(ann, 'g1', { posting: 'admins' }))
    .then({ type: 'MessagePosted' }, { type: 'MemberInvited' }, { type: 'GroupChanged' })
  expect(groupOf(after).members).toBe(members)
})
