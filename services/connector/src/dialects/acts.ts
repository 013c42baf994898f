import type { AliasKind } from '@chat/read-models'
import type { Clock } from '@chat/runtime'
import type { DialectApi } from '../ports.ts'
import { groupIdOf } from './account-view.ts'
import { askBeside, type Line, type LineAnswer, ownReasons } from './line.ts'
import type { Numbers } from './old-numbers.ts'

interface ActsPorts {
  readonly line: Line
  readonly clock: Clock
  readonly numbers: Numbers
  readonly self: number
  /** undefined: friends are made by two, as in chat.v1. */
  readonly befriend: DialectApi['befriend'] | undefined
}

/** What he is told of it; undefined: nothing. */
type Told = Promise<string | undefined>

/** What somebody of an older protocol can do once he is logged in, about whom or what his client calls by these numbers. */
export class Acts {
  private readonly ports: ActsPorts

  constructor(ports: ActsPorts) {
    this.ports = ports
  }

  chat(to: number, body: object): Told {
    return this.aboutUser(to, `your message to ${to} was not sent`, (user) =>
      this.write('send', { to: { user }, body }),
    )
  }

  groupChat(group: number, body: object): Told {
    return this.aboutGroup(group, `your message to group ${group} was not sent`, (conversation) =>
      this.write('send', { to: { conversation }, body }),
    )
  }

  addFriend(friend: number): Told {
    return this.aboutUser(friend, `${friend} was not added`, async (user) => {
      const { self, befriend } = this.ports
      const answer = await this.write('friend.request', { user })
      // What comes of it is told by its events.
      if (answer.op === 'ok') await befriend?.(user, self)
      return answer
    })
  }

  deleteFriend(friend: number): Told {
    return this.aboutUser(friend, `${friend} was not deleted`, (user) => this.write('friend.remove', { user }))
  }

  async createGroup(name: string, description: string): Told {
    const answer = await this.askForGroup(name, description)
    // It was made this moment, so its id is its number.
    return answer.op === 'ok'
      ? `group ${name} created: id ${groupIdOf(String(answer.conversation))}`
      : `group ${name} was not created: ${answer.message}`
  }

  /** The same, answered as it is. */
  askForGroup(name: string, description: string): Promise<LineAnswer> {
    return this.write('group.create', { name, title: name, description, visibility: 'public', joinPolicy: 'open' })
  }

  joinGroup(group: number): Told {
    return this.aboutGroup(group, `you did not join group ${group}`, (conversation) =>
      this.write('group.join', { conversation }),
    )
  }

  leaveGroup(group: number): Told {
    return this.aboutGroup(group, `you did not leave group ${group}`, (conversation) =>
      this.write('group.leave', { conversation }),
    )
  }

  private aboutUser(user: number, refused: string, act: (id: number) => Promise<LineAnswer>): Told {
    return this.about('user', user, refused, act)
  }

  private aboutGroup(group: number, refused: string, act: (conversation: string) => Promise<LineAnswer>): Told {
    return this.about('group', group, refused, (id) => act(`g${id}`))
  }

  /** `refused`: what he is told, with the reason behind it. */
  private async about(
    kind: AliasKind,
    number: number,
    refused: string,
    act: (id: number) => Promise<LineAnswer>,
  ): Told {
    const { line, clock, numbers } = this.ports
    const id = await askBeside(line, clock, () => numbers.idOf(kind, number))
    if (id === undefined) return `${refused}: ${ownReasons.notNow}`
    const answer = await act(id)
    return answer.op === 'ok' ? undefined : `${refused}: ${answer.message}`
  }

  private write(op: string, fields: object): Promise<LineAnswer> {
    const { line } = this.ports
    return line.ask(op, { clientMsgId: line.newClientMsgId(), ...fields })
  }
}
