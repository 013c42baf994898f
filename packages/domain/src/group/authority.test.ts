import {
  approveJoin,
  banMember,
  changeGroup,
  changeRole,
  closeGroup,
  type GivenCommand,
  given,
  groupChanged,
  groupClosed,
  groupCreated,
  inviteMembers,
  joinGroup,
  joinRefused,
  joinRequested,
  leaveGroup,
  memberBanned,
  memberInvited,
  memberLeft,
  memberMuted,
  memberRemoved,
  memberUnbanned,
  muteMember,
  postMessage,
  refuseJoin,
  removeMember,
  roleChanged,
  transferGroup,
  unbanMember,
} from '@chat/testkit'
import { describe, test } from 'vitest'
import type { RejectionCode } from '../decision.ts'

/** Who may do what: every command by everybody, in a public and in a private group, open and closed. */

const people = {
  owner: 1,
  owner2: 2,
  admin: 3,
  admin2: 4,
  member: 5,
  member2: 6,
  muted: 7,
  left: 8,
  kicked: 9,
  invited: 10,
  declined: 11,
  banned: 12,
  unbanned: 13,
  stranger: 14,
  asking: 15,
} as const
type Person = keyof typeof people
const p = people
const far = 9_000_000_000_000

const group = (visibility: 'public' | 'private', joinPolicy: 'open' | 'request' | 'invite') =>
  given(
    groupCreated(1, p.owner, [2, 3, 4, 5, 6, 7, 8, 9], {
      ...(visibility === 'public' ? { normalisedName: 'tea' } : {}),
      visibility,
      joinPolicy: 'request',
    }),
    roleChanged(p.owner, 'g1', 2, p.owner2, 'owner'),
    roleChanged(p.owner, 'g1', 3, p.admin, 'admin'),
    roleChanged(p.owner, 'g1', 4, p.admin2, 'admin'),
    memberMuted(p.owner, 'g1', 5, p.muted, far),
    memberLeft(p.left, 'g1', 6),
    memberRemoved(p.admin, 'g1', 7, p.kicked),
    memberInvited(p.admin, 'g1', 8, p.invited),
    memberInvited(p.admin, 'g1', 9, p.declined),
    joinRefused(p.declined, 'g1', 10, p.declined),
    memberBanned(p.admin, 'g1', 11, p.banned),
    memberBanned(p.admin, 'g1', 12, p.unbanned),
    memberUnbanned(p.admin, 'g1', 13, p.unbanned),
    joinRequested(p.asking, 'g1', 14),
    groupChanged(p.owner, 'g1', 15, { joinPolicy }),
  )

type Answer = 'ok' | RejectionCode
type Row = Readonly<Record<Person, Answer>>

/** What those are answered who are not named. */
const row = (members: Partial<Record<Person, Answer>>, others: Answer = 'not_member'): Row => ({
  owner: 'forbidden',
  owner2: 'forbidden',
  admin: 'forbidden',
  admin2: 'forbidden',
  member: 'forbidden',
  member2: 'forbidden',
  muted: 'forbidden',
  left: others,
  kicked: others,
  invited: others,
  declined: others,
  unbanned: others,
  stranger: others,
  asking: others,
  banned: 'banned',
  ...members,
})

const all = (answer: Answer) =>
  ({
    owner: answer,
    owner2: answer,
    admin: answer,
    admin2: answer,
    member: answer,
    member2: answer,
    muted: answer,
  }) as const
const admins = (answer: Answer) => ({ owner: answer, owner2: answer, admin: answer, admin2: answer }) as const
const owners = (answer: Answer) => ({ owner: answer, owner2: answer }) as const

const rows: readonly (readonly [string, (actor: number) => GivenCommand, Row])[] = [
  ['send', (by) => postMessage(by, 'g1'), row({ ...all('ok'), muted: 'muted' })],
  ['leave', (by) => leaveGroup(by, 'g1'), row(all('ok'))],
  ['change', (by) => changeGroup(by, 'g1', { posting: 'admins' }), row(admins('ok'))],
  ['close', (by) => closeGroup(by, 'g1'), row(owners('ok'))],
  ['approve', (by) => approveJoin(by, 'g1', p.asking), row({ ...admins('ok') })],
  ['approve nobody', (by) => approveJoin(by, 'g1', p.stranger), row({ ...admins('not_found') })],
  ['approve an invited', (by) => approveJoin(by, 'g1', p.invited), row(admins('not_found'))],
  ['refuse a request', (by) => refuseJoin(by, 'g1', p.asking), row({ ...admins('ok'), asking: 'ok' })],
  ['refuse an invitation', (by) => refuseJoin(by, 'g1', p.invited), row({ ...admins('ok'), invited: 'ok' })],
  ['refuse nothing', (by) => refuseJoin(by, 'g1', p.declined), row({ ...admins('not_found'), declined: 'not_found' })],
  ['kick a member', (by) => removeMember(by, 'g1', p.member2), row({ ...admins('ok') })],
  ['kick an admin', (by) => removeMember(by, 'g1', p.admin2), row(owners('ok'))],
  ['kick an owner', (by) => removeMember(by, 'g1', p.owner2), row({})],
  ['kick who left', (by) => removeMember(by, 'g1', p.left), row(admins('not_found'))],
  ['ban a member', (by) => banMember(by, 'g1', p.member2), row(admins('ok'))],
  ['ban an admin', (by) => banMember(by, 'g1', p.admin2), row(owners('ok'))],
  ['ban an owner', (by) => banMember(by, 'g1', p.owner2), row({})],
  ['ban a stranger', (by) => banMember(by, 'g1', 99), row(admins('ok'))],
  ['ban nobody', (by) => banMember(by, 'g1', 99, { isKnown: false }), row(admins('no_such_user'))],
  ['ban a banned', (by) => banMember(by, 'g1', p.banned), row(admins('ok'))],
  ['unban', (by) => unbanMember(by, 'g1', p.banned), row(admins('ok'))],
  ['unban who is not banned', (by) => unbanMember(by, 'g1', p.unbanned), row(admins('not_found'))],
  ['mute a member', (by) => muteMember(by, 'g1', p.member2, far), row(admins('ok'))],
  ['mute an admin', (by) => muteMember(by, 'g1', p.admin2, far), row(owners('ok'))],
  ['mute an owner', (by) => muteMember(by, 'g1', p.owner2, far), row({})],
  ['mute who left', (by) => muteMember(by, 'g1', p.left, far), row(admins('not_found'))],
  ['make an admin', (by) => changeRole(by, 'g1', p.member2, 'admin'), row(owners('ok'))],
  ['make an admin a member', (by) => changeRole(by, 'g1', p.admin2, 'member'), row(owners('ok'))],
  ['make another owner a member', (by) => changeRole(by, 'g1', p.owner2, 'member'), row({ owner2: 'ok' })],
  ['give a role to who left', (by) => changeRole(by, 'g1', p.left, 'admin'), row(owners('not_found'))],
  ['transfer to a member', (by) => transferGroup(by, 'g1', p.member2), row(owners('ok'))],
  ['transfer to an owner', (by) => transferGroup(by, 'g1', p.owner2), row({})],
  ['transfer to who left', (by) => transferGroup(by, 'g1', p.left), row(owners('not_found'))],
  ['invite', (by) => inviteMembers(by, 'g1', [99]), row(admins('ok'))],
  ['invite nobody', (by) => inviteMembers(by, 'g1', [99, 98], { unknown: [98] }), row(admins('no_such_user'))],
  ['invite a member', (by) => inviteMembers(by, 'g1', [99, p.member]), row(admins('already_member'))],
  ['invite a banned', (by) => inviteMembers(by, 'g1', [99, p.banned]), row(admins('banned'))],
]

/** The ops that one does to oneself are forbidden to every admin and owner, whatever they come to of others. */
const onOneself: readonly (readonly [string, (by: number) => GivenCommand])[] = [
  ['approve', (by) => approveJoin(by, 'g1', by)],
  ['kick', (by) => removeMember(by, 'g1', by)],
  ['ban', (by) => banMember(by, 'g1', by)],
  ['unban', (by) => unbanMember(by, 'g1', by)],
  ['mute', (by) => muteMember(by, 'g1', by, far)],
  ['transfer', (by) => transferGroup(by, 'g1', by)],
]

const expectAnswer = (scenario: ReturnType<typeof given>, command: GivenCommand, answer: Answer) => {
  const outcome = scenario.when(command)
  if (answer === 'ok') {
    if (outcome.draft.rejections.length > 0) outcome.then()
  } else outcome.thenRejected(answer)
}

const names = Object.keys(people) as Person[]

describe.each(['public', 'private'] as const)('in a %s group', (visibility) => {
  const hidden = (person: Person): Answer | undefined =>
    visibility === 'private' && person === 'stranger' ? 'no_such_conversation' : undefined
  /** Nobody can ask to join a private group, so who does is there only for the cells of a public one. */
  const cast = names.filter((person) => visibility === 'public' || person !== 'asking')

  describe.each(rows)('%s', (_name, command, answers) => {
    test.each(cast)('by %s', (person) => {
      expectAnswer(group(visibility, 'request'), command(people[person]), hidden(person) ?? answers[person])
    })
  })

  test.each(onOneself)('nobody may %s himself', (_name, command) => {
    for (const person of ['owner', 'admin'] as const)
      expectAnswer(group(visibility, 'request'), command(people[person]), 'forbidden')
  })

  test.each(cast)('members invite while everybody may join, %s', (person) => {
    const answers = row(all('ok'))
    expectAnswer(
      group(visibility, 'open'),
      inviteMembers(people[person], 'g1', [99]),
      hidden(person) ?? answers[person],
    )
  })

  test.each(cast)('only admins post while it is for announcements, %s', (person) => {
    const announcing = group(visibility, 'open').when(changeGroup(p.owner, 'g1', { posting: 'admins' }))
    const answers = row({ ...admins('ok'), muted: 'muted' })
    const command = postMessage(people[person], 'g1')
    expectAnswer(announcing.then({ type: 'GroupChanged' }), command, hidden(person) ?? answers[person])
  })

  describe('closed', () => {
    const closed = () =>
      given(
        groupCreated(1, p.owner, [p.owner2, p.admin, p.member, p.left], {
          ...(visibility === 'public' ? { normalisedName: 'tea' } : {}),
          visibility,
        }),
        roleChanged(p.owner, 'g1', 2, p.owner2, 'owner'),
        roleChanged(p.owner, 'g1', 3, p.admin, 'admin'),
        memberLeft(p.left, 'g1', 4),
        memberInvited(p.admin, 'g1', 5, p.invited),
        memberBanned(p.admin, 'g1', 6, p.banned),
        groupClosed(p.owner, 'g1', 7),
      )
    const some = ['owner', 'admin', 'member', 'left', 'invited', 'banned', 'stranger'] as const

    test.each(rows.filter(([name]) => name !== 'leave'))('nobody may %s', (_name, command) => {
      for (const person of some) expectAnswer(closed(), command(people[person]), hidden(person) ?? 'forbidden')
    })

    test('nobody joins, members leave', () => {
      for (const person of some) {
        expectAnswer(closed(), joinGroup(people[person], 'g1'), hidden(person) ?? 'forbidden')
        const answers = {
          ...row(all('ok')),
          ...(hidden(person) === undefined ? {} : { stranger: 'no_such_conversation' }),
        }
        expectAnswer(closed(), leaveGroup(people[person], 'g1'), answers[person] as Answer)
      }
    })
  })
})

describe('joining', () => {
  const members = all('already_member')
  const join = (by: number) => joinGroup(by, 'g1')

  test.each(names)('a public open group: %s', (person) => {
    expectAnswer(group('public', 'open'), join(people[person]), row(members, 'ok')[person])
  })

  test.each(names)('a public group by request: %s', (person) => {
    expectAnswer(
      group('public', 'request'),
      join(people[person]),
      row({ ...members, asking: 'too_many' }, 'ok')[person],
    )
  })

  test.each(names)('a public group by invitation: %s', (person) => {
    expectAnswer(
      group('public', 'invite'),
      join(people[person]),
      row({ ...members, invited: 'ok' }, 'forbidden')[person],
    )
  })

  test.each(['open', 'request', 'invite'] as const)(
    'a private group is joined by the invited alone, policy %s',
    (policy) => {
      const answers = row({ ...members, invited: 'ok', stranger: 'no_such_conversation' }, 'forbidden')
      for (const person of names)
        if (person !== 'asking') expectAnswer(group('private', policy), join(people[person]), answers[person])
    },
  )
})
