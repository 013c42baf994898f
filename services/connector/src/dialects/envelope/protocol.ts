import type { Client, Protocol } from '../client-connection.ts'
import type { SpokenPorts } from '../dialect-ports.ts'
import { EnvelopeRequests, EnvelopeSplitter } from '../envelope-splitter.ts'
import { ownReasons, type Refused } from '../line.ts'
import { decodeRequest, type EnvelopeRequest, payloads } from './codec.ts'
import { encodePayload } from './messages.ts'
import { EnvelopeSession } from './session.ts'

type EnvelopeClient = Client<EnvelopeSession>
type Outcome = Parameters<typeof payloads.outcome>

/** `envelope`: names, an answer to everything. Its own way for one connection: requests that are cut, what each does. */
export const envelopeProtocol = (ports: SpokenPorts): Protocol<EnvelopeRequest, EnvelopeSession> => ({
  splitter: new EnvelopeRequests(new EnvelopeSplitter('nul'), decodeRequest),
  pacingMs: ports.pacingMs,
  perform: (request, client) => perform(request, client, ports),
  openSession: (loggedIn, writer, onFailed) => new EnvelopeSession(ports, loggedIn, writer, onFailed),
})

const perform = async (request: EnvelopeRequest, client: EnvelopeClient, ports: SpokenPorts): Promise<void> => {
  const answer = (...of: Outcome) => client.writer.write(encodePayload(payloads.outcome(...of)))
  switch (request.type) {
    case 'Login': {
      const refused = await client.logIn({ name: request.name, password: request.password })
      return refused === undefined ? undefined : answer('Login', false, reasons[refused])
    }
    case 'Register':
      return answer('Register', ...(await register(request, client, ports)))
    case 'Logout': {
      const wasThere = client.session !== undefined
      await client.logOut()
      return answer('Logout', wasThere, wasThere ? 'Logout success' : 'Logout fail')
    }
    case 'getUserInfo':
      return client.session === undefined
        ? client.writer.write(encodePayload(payloads.noUserNames()))
        : client.session.tellUserNames()
    case 'chatMessage': {
      const isSent = (await client.session?.chat(request.to, request.text)) === true
      return answer('SendChatMessage', isSent, `send chat Message request ${isSent ? 'success' : 'error'}`)
    }
    case 'invalid':
      return answer(...invalid[request.of])
    case 'unknown':
      return
  }
}

const register = async (
  { name, password }: Extract<EnvelopeRequest, { readonly type: 'Login' | 'Register' }>,
  { remoteAddress }: EnvelopeClient,
  { api }: SpokenPorts,
): Promise<[boolean, string]> => {
  const answer = await api.dialects.register('envelope', { name, password }, remoteAddress)
  if ('ok' in answer) return [true, 'Register success']
  return [false, answer.error === 'name_taken' ? nameTaken : `Register fail , ${answer.message}`]
}

const nameTaken = 'Register fail , user already exist'

const reasons: Readonly<Record<Refused, string>> = {
  ...ownReasons,
  badCredentials: 'password error',
  online: 'user already login',
}

const invalid: Readonly<Record<'Login' | 'Register' | 'chatMessage', Outcome>> = {
  Login: ['Login', false, reasons.badCredentials],
  Register: ['Register', false, 'Register fail , the request could not be read'],
  chatMessage: ['SendChatMessage', false, 'send chat Message request error'],
}
