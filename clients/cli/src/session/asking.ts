import type { FieldsOf, OkOf, Op } from '@chat/sdk'
import { Exit, exitCode } from '../exit.ts'
import type { Http } from './http.ts'
import type { CurrentSession } from './session.ts'
import type { SessionFile } from './session-file.ts'

/** The requests of the protocol, for commands. Every one may be repeated without a second effect. Throws Exit. */
export interface Asking {
  /** `minPos`: the position of a write that it must see. */
  read<O extends Op>(op: O, fields: FieldsOf<O>, minPos?: string): Promise<OkOf<O>>
  /** With an id, unless `fields` has one: sent again until an answer comes, done once. */
  write<O extends Op>(op: O, fields: Written<FieldsOf<O>>): Promise<OkOf<O>>
  /** Any request, as it is: sent once, unless it has a `clientMsgId`. */
  raw(op: string, fields: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>
}

/** The id may be left out. */
type Written<Fields> = Fields extends unknown ? Omit<Fields, 'clientMsgId'> & { readonly clientMsgId?: string } : never

interface AskingPorts {
  readonly http: Http
  readonly session: Pick<CurrentSession, 'accessToken'>
  readonly nextId: () => string
  /** Keeps where the last write is; absent: reads do not wait for it. */
  readonly positions?: Pick<SessionFile, 'loadPosition' | 'savePosition'>
}

/** Over HTTP: no connection is opened, so nobody is shown as online for it. PROTOCOL §1. */
export const createHttpAsking = ({ http, session, nextId, positions }: AskingPorts): Asking => {
  const post = async (frame: object, isRepeatable: boolean, minPos: string | undefined) => {
    const path = `/v1/requests${minPos === undefined ? '' : `?minPos=${encodeURIComponent(minPos)}`}`
    const ask = (token: string) => http.call(path, { method: 'POST', body: frame, token }, isRepeatable)
    const token = await session.accessToken()
    try {
      return await ask(token)
    } catch (error) {
      if (!(error instanceof Exit) || error.status !== exitCode.loggedOut) throw error
      return ask(await session.accessToken(token))
    }
  }
  const write = async (frame: object, isRepeatable: boolean) => {
    const ok = (await post(frame, isRepeatable, undefined)) as Readonly<Record<string, unknown>>
    if (typeof ok.position === 'string') await positions?.savePosition(ok.position)
    return ok
  }
  return {
    read: async (op, fields, minPos) =>
      (await post({ op, ...fields }, true, minPos ?? (await positions?.loadPosition()))) as never,
    write: async (op, fields) => (await write({ op, clientMsgId: nextId(), ...fields }, true)) as never,
    raw: (op, fields) => write({ ...fields, op }, 'clientMsgId' in fields),
  }
}
