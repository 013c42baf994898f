import { Fault } from '@chat/runtime'
import { isAllowedName } from '@chat/schemas/protocol'

export type Request = { readonly kind: 'grant' | 'revoke'; readonly name: string } | { readonly kind: 'list' }

const usage = 'npm run operator -- grant NAME | revoke NAME | list'

/** Throws Fault `usage` with how it is called. */
export const parseOperatorArgs = (args: readonly string[]): Request => {
  const [kind, name, ...more] = args
  if (kind === 'list' && name === undefined) return { kind }
  const isChange = kind === 'grant' || kind === 'revoke'
  if (!isChange || name === undefined || more.length > 0) throw new Fault('usage', usage, { isRetryable: false })
  if (!isAllowedName(name)) throw new Fault('usage', `${JSON.stringify(name)} is no name`, { isRetryable: false })
  return { kind, name }
}
