import type { Projection } from '@chat/read-models'
import { Fault, type Random } from '@chat/runtime'
import type { Wire } from './wire.ts'

/** How a store is doing; shared by all processes. */
export interface StoreState {
  isAway: boolean
  /** The share of calls that take effect and are never answered. */
  lostAnswers: number
}

export const wellStore = (): StoreState => ({ isAway: false, lostAnswers: 0 })

interface StoreLink {
  readonly wire: Wire
  readonly random: Random
  readonly state: StoreState
  /** Code of the Fault that the port throws when the store cannot be reached. */
  readonly code: string
  /** Calls arrive in order, as over the one connection that the process has; undefined: over a pool. */
  readonly lane: string | undefined
}

/** A port whose every method is a call over the wire. */
export const overWire = <Port extends object>(port: Port, link: StoreLink): Port => {
  const { wire, random, state, lane, code } = link
  const fault = () => new Fault(code, 'the store cannot be reached')
  const ask = (method: string, run: () => Promise<unknown>): Promise<unknown> =>
    wire.call(method, lane, async () => {
      if (state.isAway) throw fault()
      const value = await run()
      if (state.lostAnswers > 0 && random.fraction() < state.lostAnswers) throw fault()
      return value
    })
  return new Proxy(port, {
    get: (target, key) => {
      const member: unknown = Reflect.get(target, key)
      if (typeof member !== 'function') return member
      return (...args: readonly unknown[]) => ask(String(key), async () => Reflect.apply(member, target, args))
    },
  })
}

/** The write side of the read models, without what belongs to the twin alone; `beforeCommit` is waited for before events are written. */
export const projectionOf = (
  { offset, applyEvents, applyReceipts, close }: Projection,
  beforeCommit: () => Promise<void>,
): Projection => ({
  ...{ offset, applyReceipts, close },
  applyEvents: async (batch) => {
    await beforeCommit()
    return applyEvents(batch)
  },
})
