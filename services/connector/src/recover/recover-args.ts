import { Fault } from '@chat/runtime'
import type { RecoverRequest } from './recover.ts'

const usage = `usage: npm run recover -- NAME     a one-time code for one account
       npm run recover -- --all    one for every account
Of the stack that CHAT_DATABASE_URL names, else of a running npm start (--embedded: of that in any case).`

export interface RecoverArgs {
  readonly request: RecoverRequest
  readonly isEmbedded: boolean
}

/** Throws Fault `usage` with how it is called. */
export const parseRecoverArgs = (args: readonly string[]): RecoverArgs => {
  const flags = args.filter((arg) => arg.startsWith('--'))
  const [name, ...others] = args.filter((arg) => !arg.startsWith('--'))
  const unknown = flags.filter((flag) => flag !== '--all' && flag !== '--embedded')
  const isAll = flags.includes('--all')
  if (unknown.length > 0 || others.length > 0 || isAll === (name !== undefined))
    throw new Fault('usage', usage, { isRetryable: false })
  const isEmbedded = flags.includes('--embedded')
  return { request: name === undefined ? { kind: 'all' } : { kind: 'name', name }, isEmbedded }
}
