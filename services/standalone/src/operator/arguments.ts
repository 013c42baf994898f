import { Fault, parseWords, usageFault } from '@chat/runtime'
import { isAllowedName } from '@chat/schemas/protocol'

export type Request = { readonly kind: 'grant' | 'revoke'; readonly name: string } | { readonly kind: 'list' }

const usage = 'npm run operator -- grant NAME | revoke NAME | list'

/** Throws Faults `usage`, with how it is called, and `help`. */
export const parseOperatorArgs = (args: readonly string[]): Request => {
  const [kind, name, ...more] = parseWords(args, {}, usage).positionals
  if (kind === 'list' && name === undefined) return { kind }
  const isChange = kind === 'grant' || kind === 'revoke'
  if (!isChange || name === undefined || more.length > 0) throw usageFault('who is to be what?', usage)
  if (!isAllowedName(name)) throw new Fault('usage', `${JSON.stringify(name)} is no name`, { isRetryable: false })
  return { kind, name }
}
