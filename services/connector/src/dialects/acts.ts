import type { DialectApi } from '../ports.ts'
import { groupIdOf } from './account-view.ts'
import type { Line, LineAnswer } from './line.ts'

/** What somebody of an older protocol can do once he is logged in. Each resolves with what he is told of it; undefined: nothing. */
export interface Acts {
  /** `where`: how it is called in what he is told. */
  readonly send: (to: object, body: object, where: string) => Promise<string | undefined>
  readonly chat: (to: number, text: string) => Promise<string | undefined>
  readonly groupChat: (group: number, text: string) => Promise<string | undefined>
  readonly addFriend: (friend: number) => Promise<string | undefined>
  readonly deleteFriend: (friend: number) => Promise<string | undefined>
  readonly createGroup: (name: string, description: string) => Promise<string | undefined>
  /** The same, answered as it is. */
  readonly askForGroup: (name: string, description: string) => Promise<LineAnswer>
  readonly joinGroup: (group: number) => Promise<string | undefined>
  readonly leaveGroup: (group: number) => Promise<string | undefined>
}

interface ActsPorts {
  readonly line: Line
  readonly self: number
  /** undefined: friends are made by two, as in chat.v1. */
  readonly befriend: DialectApi['befriend'] | undefined
}

export const createActs = ({ line, self, befriend }: ActsPorts): Acts => {
  const write = (op: string, fields: object): Promise<LineAnswer> =>
    line.ask(op, { clientMsgId: line.newClientMsgId(), ...fields })
  const send = async (to: object, body: object, where: string) => {
    const answer = await write('send', { to, body })
    return answer.op === 'ok' ? undefined : `your message to ${where} was not sent: ${answer.message}`
  }
  const askForGroup = (name: string, description: string) =>
    write('group.create', { name, title: name, description, visibility: 'public', joinPolicy: 'open' })
  return {
    send,
    chat: (to, text) => send({ user: to }, { kind: 'text', text }, String(to)),
    groupChat: (group, text) => send({ conversation: `g${group}` }, { kind: 'text', text }, `group ${group}`),
    addFriend: async (friend) => {
      const answer = await write('friend.request', { user: friend })
      if (answer.op === 'error') return `${friend} was not added: ${answer.message}`
      // What comes of it is told by its events.
      await befriend?.(friend, self)
      return undefined
    },
    deleteFriend: async (friend) => {
      const answer = await write('friend.remove', { user: friend })
      return answer.op === 'ok' ? undefined : `${friend} was not deleted: ${answer.message}`
    },
    askForGroup,
    createGroup: async (name, description) => {
      const answer = await askForGroup(name, description)
      return answer.op === 'ok'
        ? `group ${name} created: id ${groupIdOf(String(answer.conversation))}`
        : `group ${name} was not created: ${answer.message}`
    },
    joinGroup: async (group) => {
      const answer = await write('group.join', { conversation: `g${group}` })
      return answer.op === 'ok' ? undefined : `you did not join group ${group}: ${answer.message}`
    },
    leaveGroup: async (group) => {
      const answer = await write('group.leave', { conversation: `g${group}` })
      return answer.op === 'ok' ? undefined : `you did not leave group ${group}: ${answer.message}`
    },
  }
}
