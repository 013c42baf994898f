import { closeCode } from '@chat/schemas/protocol'
import { nothingHere, refused } from './answer.ts'
import type { Answer, Api, Socket, SocketEvents, SocketHandlers, Sockets } from './ports.ts'

/**
 * Listens at once, so that a process that still waits for what it needs can be asked how it is, and refuses everything else.
 * The connector that gets the result takes over when it starts. Throws what `sockets.start` throws.
 */
export const listenEarly = async (
  sockets: Sockets,
  { health, metrics }: Pick<SocketHandlers, 'health' | 'metrics'>,
): Promise<Sockets> => {
  let current: Pick<SocketHandlers, 'accept' | 'api'> = { accept: refuseSocket, api: refusing }
  const api: Api = {
    limit: (address) => current.api.limit(address),
    register: (body, address) => current.api.register(body, address),
    logIn: (body, address) => current.api.logIn(body, address),
    refresh: (body) => current.api.refresh(body),
    resetPassword: (body, address) => current.api.resetPassword(body, address),
    endSession: (identity) => current.api.endSession(identity),
    exportOwn: (identity) => current.api.exportOwn(identity),
    gateway: () => current.api.gateway(),
    authenticate: (token) => current.api.authenticate(token),
    request: (identity, frame, minPos) => current.api.request(identity, frame, minPos),
    dialects: {
      register: (dialect, body, address) => current.api.dialects.register(dialect, body, address),
      befriend: (user, by) => current.api.dialects.befriend(user, by),
      logInOpen: (login, address) => current.api.dialects.logInOpen(login, address),
      idOf: (dialect, kind, number) => current.api.dialects.idOf(dialect, kind, number),
      numbersOf: (dialect, kind, ids) => current.api.dialects.numbersOf(dialect, kind, ids),
      groupNamed: (name) => current.api.dialects.groupNamed(name),
      actionNodes: () => current.api.dialects.actionNodes(),
      nodeOf: (user) => current.api.dialects.nodeOf(user),
    },
    operator: {
      admit: (identity) => current.api.operator.admit(identity),
      act: (identity, act, input) => current.api.operator.act(identity, act, input),
    },
  }
  await sockets.start({ accept: (socket) => current.accept(socket), api, health, metrics })
  return {
    start: async (handlers) => {
      current = handlers
    },
    stop: () => sockets.stop(),
  }
}

const refuse = async (): Promise<Answer> => refused('unavailable', 'this server is starting')

const refusing: Api = {
  limit: () => undefined,
  register: refuse,
  logIn: refuse,
  refresh: refuse,
  resetPassword: refuse,
  endSession: refuse,
  exportOwn: refuse,
  gateway: refuse,
  authenticate: async () => undefined,
  request: refuse,
  dialects: {
    ...{ register: refuse, befriend: async () => {}, logInOpen: refuse, groupNamed: async () => 'unavailable' },
    ...{ idOf: async () => undefined, numbersOf: async () => undefined },
    ...{ actionNodes: async () => [], nodeOf: async () => undefined },
  },
  operator: { admit: async () => nothingHere, act: refuse },
}

const refuseSocket = (socket: Socket): SocketEvents => {
  socket.close(closeCode.unavailable, 'this server is starting')
  return { onFrame: () => {}, onBinary: () => {}, onPong: () => {}, onClose: () => {} }
}
