import { ChatError } from './chat-error.ts'
import type { Effect, Input } from './domain/exchange.ts'
import { addressOf } from './ids.ts'
import type { Link } from './link.ts'
import type { Clock } from './ports.ts'

type Asked = Extract<Effect, { type: 'send' | 'sync' | 'history' }>

/** Makes the request; its outcome is the next input. What a lost connection leaves open has none. */
export type Ask = (effect: Asked) => Promise<void>

/** The most events that one page may have: fewer round trips to close a gap. */
const historyLimit = 200

interface AskPorts {
  readonly me: number
  readonly link: Link
  readonly clock: Clock
  readonly onFault: (error: unknown) => void
}

export const createAsk = ({ me, link, clock, onFault }: AskPorts, give: (input: Input) => void): Ask => {
  const answerTo = async (effect: Asked): Promise<Input> => {
    switch (effect.type) {
      case 'send': {
        const { clientMsgId } = effect.dispatch.entry
        const ok = await link.request('send', sendFields(effect, me))
        return { type: 'accepted', clientMsgId, ok, nowMs: clock.now() }
      }
      case 'sync': {
        const { token, known } = effect
        return { type: 'synced', page: await link.request('sync', token === undefined ? {} : { token, known }) }
      }
      case 'history': {
        const { conversation, bound } = effect
        const page = await link.request('history', { conversation, ...bound, limit: historyLimit })
        return { type: 'filled', conversation, page }
      }
    }
  }

  return async (effect) => {
    const outcome = await answerTo(effect).catch((error: unknown) => {
      if (!(error instanceof ChatError)) onFault(error)
      // That the connection is gone the replica hears by itself.
      return error instanceof ChatError && error.code !== 'disconnected'
        ? refusalOf(effect, error, clock.now())
        : undefined
    })
    if (outcome !== undefined) give(outcome)
  }
}

const sendFields = ({ dispatch }: Extract<Asked, { type: 'send' }>, me: number) => {
  const { entry, after } = dispatch
  const { conversation, clientMsgId, body, replyTo } = entry
  return {
    ...{ to: addressOf(conversation, me), clientMsgId, body },
    ...(after === undefined ? {} : { after }),
    ...(replyTo === undefined ? {} : { replyTo }),
  }
}

const refusalOf = (effect: Asked, refusal: ChatError, nowMs: number): Input => {
  if (effect.type === 'send') return { type: 'refused', clientMsgId: effect.dispatch.entry.clientMsgId, refusal, nowMs }
  const { retry, retryAfterMs } = refusal
  const failure = { isTransient: retry !== 'never', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  if (effect.type === 'sync') return { type: 'syncFailed', ...failure }
  return { type: 'fillFailed', conversation: effect.conversation, ...failure }
}
