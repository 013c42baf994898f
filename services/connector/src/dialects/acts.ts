import type { AliasKind } from '@chat/read-models'
import { type Clock, sleep } from '@chat/runtime'
import type { DialectApi } from '../ports.ts'
import { groupIdOf } from './account-view.ts'
import { askAgainAfterMs, askAgainMaxMs, type Line, type LineAnswer, ownReasons } from './line.ts'
import type { Numbers } from './old-numbers.ts'

/**
 * What somebody of an older protocol can do once he is logged in, about whom or what his client calls by these numbers. Each resolves with what he is told of
 * it; undefined: nothing.
 */
export interface Acts {
  readonly chat: (to: number, body: object) => Promise<string | undefined>
  readonly groupChat: (group: number, body: object) => Promise<string | undefined>
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
  readonly clock: Clock
  readonly numbers: Numbers
  readonly self: number
  /** undefined: friends are made by two, as in chat.v1. */
  readonly befriend: DialectApi['befriend'] | undefined
}

export const createActs = ({ line, clock, numbers, self, befriend }: ActsPorts): Acts => {
  const write = (op: string, fields: object): Promise<LineAnswer> =>
    line.ask(op, { clientMsgId: line.newClientMsgId(), ...fields })

  /** Tried as long as the line would ask. */
  const idOf = async (kind: AliasKind, number: number): Promise<number | undefined> => {
    const untilMs = clock.monotonic() + askAgainMaxMs
    for (;;) {
      const id = await numbers.idOf(kind, number)
      if (id !== undefined || !line.isOpen || clock.monotonic() + askAgainAfterMs > untilMs) return id
      await sleep(clock, askAgainAfterMs)
    }
  }

  /** `refused`: what he is told, with the reason behind it. */
  const about = async (
    kind: AliasKind,
    number: number,
    refused: string,
    act: (id: number) => Promise<LineAnswer>,
  ): Promise<string | undefined> => {
    const id = await idOf(kind, number)
    if (id === undefined) return `${refused}: ${ownReasons.notNow}`
    const answer = await act(id)
    return answer.op === 'ok' ? undefined : `${refused}: ${answer.message}`
  }
  const aboutUser = (user: number, refused: string, act: (id: number) => Promise<LineAnswer>) =>
    about('user', user, refused, act)
  const aboutGroup = (group: number, refused: string, act: (conversation: string) => Promise<LineAnswer>) =>
    about('group', group, refused, (id) => act(`g${id}`))

  const askForGroup = (name: string, description: string) =>
    write('group.create', { name, title: name, description, visibility: 'public', joinPolicy: 'open' })
  return {
    chat: (to, body) =>
      aboutUser(to, `your message to ${to} was not sent`, (user) => write('send', { to: { user }, body })),
    groupChat: (group, body) =>
      aboutGroup(group, `your message to group ${group} was not sent`, (conversation) =>
        write('send', { to: { conversation }, body }),
      ),
    addFriend: (friend) =>
      aboutUser(friend, `${friend} was not added`, async (user) => {
        const answer = await write('friend.request', { user })
        // What comes of it is told by its events.
        if (answer.op === 'ok') await befriend?.(user, self)
        return answer
      }),
    deleteFriend: (friend) =>
      aboutUser(friend, `${friend} was not deleted`, (user) => write('friend.remove', { user })),
    askForGroup,
    createGroup: async (name, description) => {
      const answer = await askForGroup(name, description)
      // It was made this moment, so its id is its number.
      return answer.op === 'ok'
        ? `group ${name} created: id ${groupIdOf(String(answer.conversation))}`
        : `group ${name} was not created: ${answer.message}`
    },
    joinGroup: (group) =>
      aboutGroup(group, `you did not join group ${group}`, (conversation) => write('group.join', { conversation })),
    leaveGroup: (group) =>
      aboutGroup(group, `you did not leave group ${group}`, (conversation) => write('group.leave', { conversation })),
  }
}
