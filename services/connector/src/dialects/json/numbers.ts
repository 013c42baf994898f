/** What the two JSON dialects do not have in common. */
export interface JsonDialect {
  readonly name: string
  readonly numbers: {
    readonly logIn: number
    readonly logInAck: number
    readonly logOut: number
    readonly register: number
    readonly registerAck: number
    readonly chat: number
    readonly addFriend: number
    readonly createGroup: number
    readonly joinGroup: number
    readonly groupChat: number
  }
  /** The field with the receiver of a chat. */
  readonly receiver: 'toid' | 'to'
  readonly badCredentials: string
  readonly isOnline: string
}

/** Of Corner430/chatserver. */
export const jsonToid: JsonDialect = {
  name: 'json-toid',
  numbers: {
    ...{ logIn: 1, logInAck: 2, logOut: 3, register: 4, registerAck: 5, chat: 6, addFriend: 7 },
    ...{ createGroup: 8, joinGroup: 9, groupChat: 10 },
  },
  receiver: 'toid',
  badCredentials: 'id or password is invalid!',
  isOnline: 'this account is using, input another!',
}

/** Of shenmingik/Server. */
export const jsonTo: JsonDialect = {
  name: 'json-to',
  numbers: {
    ...{ logIn: 1, logInAck: 2, register: 3, registerAck: 4, chat: 5, addFriend: 6, createGroup: 7 },
    ...{ joinGroup: 8, groupChat: 9, logOut: 10 },
  },
  receiver: 'to',
  badCredentials: 'id or password error',
  isOnline: 'id is online',
}
