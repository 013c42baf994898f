import { flag, parseWords, usageFault } from '@chat/runtime'
import type { RecoverRequest } from './recover.ts'

const usage = `usage: npm run recover -- NAME     a one-time code for one account
       npm run recover -- --all    one for every account
Of the stack that CHAT_DATABASE_URL names, else of a running npm start (--embedded: of that in any case).`

export interface RecoverArgs {
  readonly request: RecoverRequest
  readonly isEmbedded: boolean
}

/** Throws Faults `usage`, with how it is called, and `help`. */
export const parseRecoverArgs = (args: readonly string[]): RecoverArgs => {
  const { values, positionals } = parseWords(args, { all: flag, embedded: flag }, usage)
  const [name, ...others] = positionals
  if (others.length > 0 || values.all === (name !== undefined)) throw usageFault('one name, or --all', usage)
  return { request: name === undefined ? { kind: 'all' } : { kind: 'name', name }, isEmbedded: values.embedded }
}
