import type { Client, FieldsOf, OkOf, Op } from '@chat/sdk'
import type { Asking } from '../session/asking.ts'
import { exitOf } from '../shell/live.ts'

/** The requests of commands, on the connection there is. One that is lost before its answer comes is refused: the person sees it. */
export const createLiveAsking = (client: Client, nextId: () => string): Asking => {
  const ask = async <O extends Op>(op: O, fields: FieldsOf<O>): Promise<OkOf<O>> => {
    try {
      return await client.request(op, fields)
    } catch (error) {
      throw exitOf(error)
    }
  }
  return {
    read: ask,
    write: (op, fields) => ask(op, { clientMsgId: nextId(), ...fields } as never),
    raw: async (op, fields) => (await ask(op as Op, fields as never)) as Readonly<Record<string, unknown>>,
  }
}
