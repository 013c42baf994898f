import type { Client, Protocol } from '../client-connection.ts'
import { ownReasons, type Refused } from '../line.ts'
import type { Splitter } from '../request-queue.ts'
import { decodeRequest, FrameSplitter, type JsonRequest } from './codec.ts'
import type { JsonPorts } from './json-ports.ts'
import { encodeMessage } from './messages.ts'
import { JsonSession } from './session.ts'

type JsonClient = Client<JsonSession>

/** A JSON dialect: numbers, no answers but to registrations and logins. Its own way for one connection: requests that are cut, what each does. */
export const jsonProtocol = (ports: JsonPorts): Protocol<JsonRequest, JsonSession> => ({
  splitter: new JsonRequests(ports),
  pacingMs: ports.pacingMs,
  perform: (request, client) => perform(request, client, ports),
  openSession: (loggedIn, writer, onFailed) => new JsonSession(ports, loggedIn, writer, onFailed),
})

class JsonRequests implements Splitter<JsonRequest> {
  private readonly dialect: JsonPorts['dialect']
  private readonly frames = new FrameSplitter()
  private broken = false

  constructor({ dialect }: JsonPorts) {
    this.dialect = dialect
  }

  get isBroken(): boolean {
    return this.broken
  }

  get isInside(): boolean {
    return this.frames.isInside
  }

  take(bytes: Buffer): readonly JsonRequest[] {
    const requests: JsonRequest[] = []
    const frames = this.frames.take(bytes)
    for (const frame of frames ?? []) {
      const request = decodeRequest(this.dialect, frame)
      // It is no client of this protocol: nothing behind it can be told from anything else.
      if (request === undefined) this.broken = true
      else if (!this.broken) requests.push(request)
    }
    this.broken ||= frames === undefined
    return requests
  }
}

const perform = async (request: JsonRequest, client: JsonClient, ports: JsonPorts): Promise<void> => {
  switch (request.type) {
    case 'logIn': {
      const refused = await client.logIn({ number: request.id, password: request.password })
      if (refused !== undefined) answerRefused(client, ports, refused)
      return
    }
    case 'logOut':
      return client.logOut()
    case 'register':
      return register(request, client, ports)
    case 'invalid':
      return refuse(request.of, client, ports)
    case 'unknown':
      return
    default:
      // Whoever is not logged in gets no answer: there is none in these protocols.
      await client.session?.perform(request)
  }
}

const refuse = (
  of: Extract<JsonRequest, { readonly type: 'invalid' }>['of'],
  client: JsonClient,
  ports: JsonPorts,
): void => {
  if (of === 'logIn') answerRefused(client, ports, 'badCredentials')
  else if (of === 'register') answerRegistration(client, ports, undefined)
  else client.session?.tell('your request could not be read: nothing was done')
}

const register = async (
  { name, password }: Extract<JsonRequest, { readonly type: 'register' }>,
  client: JsonClient,
  ports: JsonPorts,
): Promise<void> => {
  const { api, dialect } = ports
  const answer = await api.dialects.register(dialect.name, { name, password }, client.remoteAddress)
  answerRegistration(client, ports, 'ok' in answer ? (answer.ok.user as { readonly id: number }).id : undefined)
}

const answerRegistration = ({ writer }: JsonClient, { dialect }: JsonPorts, id: number | undefined): void => {
  const { registerAck: msgid } = dialect.numbers
  writer.write(encodeMessage(id === undefined ? { msgid, errno: 1 } : { msgid, errno: 0, id }))
}

const answerRefused = ({ writer }: JsonClient, { dialect }: JsonPorts, refused: Refused): void => {
  const errno = refused === 'online' ? 2 : 1
  const errmsg = { ...ownReasons, online: dialect.isOnline, badCredentials: dialect.badCredentials }[refused]
  writer.write(encodeMessage({ msgid: dialect.numbers.logInAck, errno, errmsg }))
}
