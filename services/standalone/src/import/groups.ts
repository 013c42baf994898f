import { noDevice } from '@chat/connector/no-device'
import { groupConversation, parseConversation } from '@chat/schemas'
import {
  type GroupCreateFrame,
  groupCreateMembersMax,
  groupSettings,
  isAllowedName,
  normaliseName,
  parseRequest,
} from '@chat/schemas/protocol'
import type { House } from './house.ts'
import { parseNumbers } from './number.ts'
import type { Verdict } from './report.ts'
import type { Row } from './rows.ts'
import type { Step } from './step.ts'

interface OldGroup {
  readonly oldId: number
  readonly name: string
  readonly normalisedName: string
  readonly description: string
}

/** What the file of members says of a group, by old numbers. */
export interface Founders {
  readonly creator: number
  /** Where the creator is named. */
  readonly line: number
  /** Others whom it begins with: the first of the file, as many as one command takes. */
  readonly members: readonly number[]
}

/** All groups of the file are in memory, with the members that each begins with: some 8 bytes for each of these. */
export const readFounders = async (rows: AsyncIterable<Row<'members'>>): Promise<ReadonlyMap<number, Founders>> => {
  const found = new Map<number, { creator?: number; line: number; members: number[] }>()
  for await (const row of rows) {
    if ('why' in row) continue // The file is read again, and reported then.
    const numbers = parseNumbers({ groupid: row.fields.groupid, userid: row.fields.userid })
    if ('why' in numbers) continue
    const group = found.get(numbers.groupid) ?? { line: 0, members: [] }
    found.set(numbers.groupid, group)
    if (!isCreator(row.fields.role)) {
      if (group.members.length < groupCreateMembersMax) group.members.push(numbers.userid)
    } else if (group.creator === undefined) Object.assign(group, { creator: numbers.userid, line: row.line })
  }
  const founders = new Map<number, Founders>()
  for (const [group, { creator, ...rest }] of found)
    if (creator !== undefined) founders.set(group, { creator, ...rest })
  return founders
}

export const isCreator = (role: string): boolean => role === 'creator'

/** `made` gets the ids of the groups that this run makes. They are like those that a dialect makes: public, and open to all. */
export const groupsStep = (
  house: House,
  foundersOf: ReadonlyMap<number, Founders>,
  made: Set<number>,
): Step<'groups', OldGroup> => {
  const { dialect, firstId, readModels } = house

  /** The id of the group that has the name, if it is one that this import makes; `why`: it is not; undefined: there is none. */
  const claimed = async ({ name, normalisedName }: OldGroup, owner: number) => {
    const conversation = await readModels.groupByName(normalisedName)
    if (conversation === undefined) return undefined
    const history = await readModels.history({ user: owner, conversation, after: 0, limit: 1 })
    const first = history?.events[0]
    const id = parseConversation(conversation)
    const isOwn = first?.type === 'groupCreated' && first.actor === owner && id?.kind === 'group'
    return isOwn ? id.groupId : { why: `the name ${name} is that of another group` }
  }

  const create = async (group: OldGroup, owner: number, members: readonly number[]) => {
    const { name, normalisedName, description } = group
    const outcome = await house.submit({
      ...{ type: 'CreateGroup', actor: owner, device: noDevice, clientMsgId: house.newClientMsgId() },
      ...{ name, normalisedName, title: Buffer.from(name), description: Buffer.from(description), keyId: null },
      ...{ visibility: 'public', ...groupSettings(requestOf(group)), members },
    })
    if (outcome.outcome === 'accepted' && outcome.event.type === 'GroupCreated') {
      made.add(outcome.event.groupId)
      return outcome.event.groupId
    }
    if (outcome.outcome !== 'refused' || outcome.code !== 'name_taken')
      return { why: `it was refused: ${outcome.outcome === 'refused' ? outcome.code : outcome.outcome}` }
    await house.seenAll()
    return (await claimed(group, owner)) ?? { why: `the name ${name} is that of another group` }
  }

  const takeOne = async (
    group: OldGroup,
    known: number | undefined,
    users: ReadonlyMap<number, number>,
  ): Promise<Verdict> => {
    if (known !== undefined) {
      const isSame = (await readModels.groupByName(group.normalisedName)) === groupConversation(known)
      return isSame ? 'there' : { why: `the number ${group.oldId} is that of another group (id ${known})` }
    }
    const founders = foundersOf.get(group.oldId)
    if (founders === undefined) return { why: 'no row of the members names its creator' }
    const owner = users.get(founders.creator)
    if (owner === undefined) return { why: `nobody was imported with the number ${founders.creator} of its creator` }
    const members = founders.members.flatMap((oldId) => users.get(oldId) ?? [])
    const id = (await claimed(group, owner)) ?? (await create(group, owner, members))
    if (typeof id !== 'number') return id
    const draft = { type: 'ImportGroup', conversation: groupConversation(id), dialect, oldId: group.oldId } as const
    const outcome = await house.submit({ ...draft, ...house.onMachine, clientMsgId: house.newClientMsgId() })
    if (outcome.outcome !== 'refused') return 'taken'
    return { why: outcome.code === 'invalid' ? 'the group of its name has another number' : `refused: ${outcome.code}` }
  }

  return {
    kind: 'groups',
    parse: ({ id, name, description }) => {
      const numbers = parseNumbers({ id })
      if ('why' in numbers) return numbers
      if (numbers.id >= firstId)
        return { why: `its id is not below ${firstId}, where the ids of this log begin (CHAT_FIRST_ID)` }
      if (!isAllowedName(name)) return { why: `this is no name that is allowed here: ${JSON.stringify(name)}` }
      const group = { oldId: numbers.id, name, normalisedName: normaliseName(name), description }
      const parsed = parseRequest(requestOf(group))
      return 'frame' in parsed
        ? group
        : { why: `it is no group: ${'message' in parsed ? parsed.message : 'malformed'}` }
    },
    // Of one group a chunk knows the members that it begins with: some thousand ids each.
    bounds: ({ oldId, normalisedName }) => [
      [`number ${oldId}`, 1],
      [`name ${normalisedName}`, 1],
      ['groups', groupsAtOnce],
    ],
    take: async (groups) => {
      const known = await house.idsOf(
        'group',
        groups.map(({ oldId }) => oldId),
      )
      const users = await house.idsOf('user', peopleOf(groups, foundersOf))
      const verdicts = await Promise.all(groups.map((group) => takeOne(group, known.get(group.oldId), users)))
      await house.seen()
      return verdicts
    },
  }
}

/** Each creation may name 1,000 members. */
const groupsAtOnce = 50

function* peopleOf(groups: readonly OldGroup[], foundersOf: ReadonlyMap<number, Founders>): Iterable<number> {
  for (const { oldId } of groups) {
    const founders = foundersOf.get(oldId)
    if (founders === undefined) continue
    yield founders.creator
    yield* founders.members
  }
}

/** What a client would say to make it. */
const requestOf = ({ name, description }: OldGroup): GroupCreateFrame => ({
  ...{ op: 'group.create', ref: 0, name, title: name, description },
  ...{ visibility: 'public', joinPolicy: 'open' },
})
