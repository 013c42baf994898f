import { ChatError, disconnected } from './chat-error.ts'
import type { Link } from './link.ts'
import type { Clock } from './ports.ts'
import type { FieldsOf, OkOf, WriteOp } from './requests.ts'

export interface Writer {
  /** Sends it with one id until it is answered: it has its effect once, however often the connection is lost. Rejects with ChatError. */
  write<O extends WriteOp>(op: O, fields: FieldsOf<O>): Promise<OkOf<O>>
  /** Those under way are rejected. */
  stop(): void
}

/** Tries after a refusal that says `later`. Lost connections do not count: nobody is asked while there is none. */
const triesMax = 8
const retryDefaultMs = 1_000

export const createWriter = (
  link: Link,
  clock: Clock,
  nextId: () => string,
  onState: (listener: (state: { readonly status: string }) => void) => () => void,
): Writer => {
  const ends = new Set<() => void>()

  /** Resolves when `arrange` calls it, rejects when everything is stopped. */
  const until = (arrange: (resolve: () => void) => () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = (then: () => void) => {
        ends.delete(stop)
        cancel()
        then()
      }
      const stop = () => settle(() => reject(disconnected()))
      ends.add(stop)
      const cancel = arrange(() => settle(resolve))
    })
  const connected = async () => {
    const { status } = link.state()
    if (status === 'connected') return
    if (status === 'closed') throw disconnected()
    await until((resolve) => onState((state) => state.status === 'connected' && resolve()))
  }

  const write: Writer['write'] = async (op, fields) => {
    const repeatable = { clientMsgId: nextId(), ...fields }
    for (let tries = 1; ; ) {
      await connected()
      try {
        return await link.request(op, repeatable)
      } catch (error) {
        if (!(error instanceof ChatError) || error.retry === 'never') throw error
        if (error.code === 'disconnected') continue
        if (tries++ >= triesMax) throw error
        await until((resolve) => clock.after(error.retryAfterMs ?? retryDefaultMs, resolve))
      }
    }
  }
  return {
    write,
    stop: () => {
      for (const end of [...ends]) end()
    },
  }
}
