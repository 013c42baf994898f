import { at, createGroup, givenGroupCommands, testWire } from '@chat/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commit, decideBatch, draftLimits, type StoredCommand } from '../batch.ts'
import { applyEvent, createPartitionState, type PartitionState } from '../partition.ts'
import { openPolicy } from '../policy.ts'
import type { Group } from './state.ts'

const context = { wire: testWire, policy: openPolicy, limits: draftLimits, brokerTimeMs: at(0) }

/** Two groups, and whatever four users do to them. */
const histories = fc
  .tuple(
    fc.constantFrom('open', 'request', 'invite'),
    fc.array(givenGroupCommands(['g1', 'g2']), { minLength: 40, maxLength: 120, size: 'max' }),
  )
  .map(([joinPolicy, commands]) => [
    createGroup(1, { normalisedName: 'tea', joinPolicy, members: [2] }),
    createGroup(1, { joinPolicy, members: [2, 3] }),
    ...commands,
  ])

const groupsOf = ({ tables }: PartitionState): readonly Group[] =>
  ['g1', 'g2'].map((id) => tables.conversations.get(id)).filter((group) => group?.kind === 'group')

const hasOwner = ({ members }: Group) => [...members.values()].some(({ role }) => role === 'owner')

/** The last owner goes last: whoever joins an empty group finds none. */
const expectOwners = (before: readonly Group[], after: readonly Group[]) => {
  for (const [index, group] of after.entries()) {
    const earlier = before[index]
    if (group.members.size > 0 && earlier !== undefined && hasOwner(earlier)) expect(hasOwner(group)).toBe(true)
  }
}

const groupsAfter = (
  commands: readonly StoredCommand[],
): { readonly groups: readonly Group[]; readonly types: Set<string> } => {
  const [state, fold] = [createPartitionState(0, 1, testWire), createPartitionState(0, 1, testWire)]
  const types = new Set<string>()
  const draft = decideBatch(commands, state, context)
  expect(draft.deadCommands).toEqual([])
  for (const event of draft.events) {
    types.add(event.type)
    const before = groupsOf(fold)
    expect(applyEvent(fold, event, testWire)).toEqual({ outcome: 'applied' })
    expectOwners(before, groupsOf(fold))
  }
  commit(state, draft)
  expect(fold).toEqual(state)
  return { groups: groupsOf(fold), types }
}

test('folding any accepted history never throws, the last owner goes last, and nobody is two things at once', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(histories, (history) => {
      const { groups, types } = groupsAfter(history.map((given, cmd) => ({ cmd, ...given })))
      expect(groups).toHaveLength(2)
      for (const type of types) seen.add(type)
      for (const { members, invited, requested, banned } of groups) {
        for (const user of [...invited, ...requested]) expect(members.has(user) || banned.has(user)).toBe(false)
        for (const user of banned) expect(members.has(user)).toBe(false)
      }
    }),
    { numRuns: 300 },
  )
  expect([...seen].sort()).toEqual([
    'CommandsRejected',
    'GroupChanged',
    'GroupClosed',
    'GroupCreated',
    'JoinRefused',
    'JoinRequested',
    'MemberBanned',
    'MemberInvited',
    'MemberJoined',
    'MemberLeft',
    'MemberMuted',
    'MemberRemoved',
    'MemberUnbanned',
    'MessagePosted',
    'RoleChanged',
  ])
})
