import { noDevice } from '@chat/connector/no-device'
import { groupConversation } from '@chat/schemas'
import { unknownUser } from './friendships.ts'
import { type Founders, isCreator } from './groups.ts'
import type { House } from './house.ts'
import { parseNumbers } from './number.ts'
import type { Refusal, Verdict } from './report.ts'
import type { Step } from './step.ts'

interface OldMember {
  readonly groupid: number
  readonly userid: number
  readonly isCreator: boolean
}

/** Whom a group did not begin with joins it. `made`: the groups that this run made. */
export const membersStep = (
  house: House,
  foundersOf: ReadonlyMap<number, Founders>,
  made: ReadonlySet<number>,
): Step<'members', OldMember> => {
  const takeOne = async (group: number, user: number): Promise<Verdict> => {
    const conversation = groupConversation(group)
    const seat = await house.readModels.seat(user, conversation)
    if (seat?.role !== undefined) return made.has(group) ? 'taken' : 'there'
    const draft = { type: 'JoinGroup', conversation, actor: user, device: noDevice } as const
    const outcome = await house.submit({ ...draft, clientMsgId: house.newClientMsgId() })
    if (outcome.outcome !== 'refused') return 'taken'
    return outcome.code === 'already_member' ? 'there' : { why: whyNot(outcome.code) }
  }
  return {
    kind: 'members',
    parse: ({ groupid, userid, role }) => {
      const numbers = parseNumbers({ groupid, userid })
      if ('why' in numbers) return numbers
      const founders = foundersOf.get(numbers.groupid)
      if (isCreator(role) && founders !== undefined && founders.creator !== numbers.userid)
        return { why: `line ${founders.line} names another creator of the group` }
      return { ...numbers, isCreator: isCreator(role) }
    },
    bounds: ({ groupid, userid }) => [[`${groupid} ${userid}`, 1]],
    take: async (rows) => {
      const groups = await house.idsOf(
        'group',
        rows.map(({ groupid }) => groupid),
      )
      const users = await house.idsOf(
        'user',
        rows.map(({ userid }) => userid),
      )
      const verdicts = await Promise.all(
        rows.map(({ groupid, userid }) => {
          const [group, user] = [groups.get(groupid), users.get(userid)]
          if (group === undefined) return unknownGroup(groupid)
          return user === undefined ? unknownUser(userid) : takeOne(group, user)
        }),
      )
      await house.seen()
      return verdicts
    },
  }
}

export const unknownGroup = (oldId: number): Refusal => ({ why: `no group was imported with the number ${oldId}` })

const reasons: Readonly<Record<string, string>> = {
  banned: 'he is banned from the group',
  forbidden: 'the group takes nobody in',
  too_many: 'the group is full',
}

const whyNot = (code: string): string => reasons[code] ?? `it was refused: ${code}`
