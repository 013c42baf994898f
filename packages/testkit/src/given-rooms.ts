import type { CloseRoom, CreateRoom, GroupCreated } from '@chat/schemas'
import {
  type CommandOptions,
  device,
  type GivenCommand,
  groupCreated,
  lying,
  nextMessageId,
  noText,
  type Options,
  reply,
} from './given.ts'

/** What operators do to online rooms, and what it comes to. */

const sent = (actor: number) => ({ actor, device, clientMsgId: nextMessageId(), ...reply })

export const createRoom = (actor: number, name: string, options: CommandOptions<CreateRoom> = {}): GivenCommand =>
  lying<CreateRoom>(
    {
      ...{ type: 'CreateRoom', ...sent(actor), name, normalisedName: name.toLowerCase() },
      ...{ title: noText, description: noText, keyId: null },
    },
    options,
  )

export const closeRoom = (actor: number, conversation: string, options: CommandOptions<CloseRoom> = {}): GivenCommand =>
  lying<CloseRoom>({ type: 'CloseRoom', ...sent(actor), conversation }, options)

export const roomCreated = (
  groupId: number,
  operator: number,
  name: string,
  options: Options<GroupCreated> = {},
): GroupCreated =>
  groupCreated(groupId, operator, [], {
    ...{ name, normalisedName: name.toLowerCase(), membership: 'online', ...options },
  })
