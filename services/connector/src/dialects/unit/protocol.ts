import { groupIdOf } from '../account-view.ts'
import type { Client, Protocol } from '../client-connection.ts'
import type { SpokenPorts } from '../dialect-ports.ts'
import { EnvelopeRequests, EnvelopeSplitter } from '../envelope-splitter.ts'
import { answers, decodeRequest, type KnownType, type UnitRequest } from './codec.ts'
import { UnitSession } from './session.ts'

type UnitClient = Client<UnitSession>

/** A message without a field 2 is whole once nothing came for so long, ms. */
const quietMs = 50

/** `unit`: numbers, bare answers in order. Its own way for one connection: requests that are cut, what each does. */
export const unitProtocol = (ports: SpokenPorts): Protocol<UnitRequest, UnitSession> => ({
  splitter: new EnvelopeRequests(new EnvelopeSplitter('request'), decodeRequest, quietMs),
  // Its clients know where an answer ends by its fields.
  pacingMs: 0,
  perform: async (request, client) => {
    // One answer at a time: they may be long, and none is made for a client that does not read.
    await client.writer.drained()
    const answer = await perform(request, client, ports)
    if (answer !== undefined) client.writer.write(answer)
  },
  openSession: (loggedIn, writer, onFailed) => new UnitSession(ports, loggedIn, writer, onFailed),
})

/** undefined: there is no answer, or it was written. */
const perform = async (request: UnitRequest, client: UnitClient, ports: SpokenPorts): Promise<Buffer | undefined> => {
  const { session } = client
  switch (request.type) {
    case 'unknown':
      return undefined
    case 'invalid':
      return failed(request.of, 'the request could not be read')
    case 'Login': {
      const refused = await client.logIn({ number: request.id, password: request.password })
      return refused === undefined ? undefined : failed('Login', '')
    }
    case 'Regist':
      return register(request, client, ports)
    case 'LoginOut':
      await client.logOut()
      return undefined
    default:
      return session === undefined ? failed(request.type, 'you are not logged in') : act(request, session)
  }
}

type Act = Exclude<UnitRequest, { readonly type: 'unknown' | 'invalid' | 'Login' | 'Regist' | 'LoginOut' }>

const act = async (request: Act, session: UnitSession): Promise<Buffer | undefined> => {
  const { acts } = session
  switch (request.type) {
    case 'AddFriend':
      return failureOf(await acts.addFriend(request.friend))
    case 'DeleteFriend':
      return failureOf(await acts.deleteFriend(request.friend))
    case 'AddGroup':
      return failureOf(await acts.joinGroup(request.group))
    case 'QuitGroup':
      return failureOf(await acts.leaveGroup(request.group))
    case 'GetUserInfo':
      return answers.user(await session.userInfo(request.id))
    case 'GetFriendList':
      return answers.friends(await session.friends())
    case 'ReadOfflineMsg':
      await session.answerOffline()
      return undefined
    case 'CreateGroup': {
      const answer = await acts.askForGroup(request.name, '')
      if (answer.op === 'ok') return answers.group(groupIdOf(String(answer.conversation)))
      session.tell(`group ${request.name} was not created: ${answer.message}`)
      return answers.group(undefined)
    }
    case 'GetGroupUsers':
      return answers.groupUsers(await session.groupUsers(request.group))
    default:
      await session.chat(request.to, request.bytes)
      return undefined
  }
}

const failureOf = (told: string | undefined): Buffer | undefined =>
  told === undefined ? undefined : answers.failure(told)

const register = async (
  { name, password }: Extract<UnitRequest, { readonly type: 'Regist' }>,
  { remoteAddress }: UnitClient,
  { api }: SpokenPorts,
): Promise<Buffer> => {
  const answer = await api.dialects.register('unit', { name, password }, remoteAddress)
  return 'ok' in answer ? answers.registered((answer.ok.user as { readonly id: number }).id) : answers.notRegistered()
}

/** The answer to what was refused before it was looked at. */
const failed = (type: KnownType, why: string): Buffer | undefined => {
  switch (type) {
    case 'Login':
      return answers.notLoggedIn('login error')
    case 'Regist':
      return answers.notRegistered()
    case 'GetUserInfo':
      return answers.user(undefined)
    case 'GetFriendList':
      return answers.friends(undefined)
    case 'ReadOfflineMsg':
      return answers.offline([])
    case 'CreateGroup':
      return answers.group(undefined)
    case 'GetGroupUsers':
      return answers.groupUsers([])
    case 'AddFriend':
    case 'DeleteFriend':
    case 'AddGroup':
    case 'QuitGroup':
      return answers.failure(why)
    case 'LoginOut':
    case 'ChatMsg':
      return undefined
  }
}
