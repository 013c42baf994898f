import type { ImportGroup, ImportUser } from '@chat/schemas'
import { type Rejected, rejected } from './decision.ts'

/** What an alias is decided against. */
export interface Aliases {
  /** By `aliasKey`: the old number of an imported user or group. */
  readonly aliases: { get(key: string): number | undefined }
  /** The least id that this log gives to users and groups. */
  readonly firstId: number
}

/** `whose`: a conversation id or `accountKey`. */
export const aliasKey = (dialect: string, whose: string): string => `${dialect}|${whose}`

/**
 * undefined: he may have it. An old number is less than every id, so that the one is never taken for the other, and it never changes: the
 * same again is accepted, another one is not. Who else has it is not known here, since he may be in another partition.
 */
export const doubtOfAlias = (
  { dialect, oldId }: Pick<ImportUser | ImportGroup, 'dialect' | 'oldId'>,
  whose: string,
  { aliases, firstId }: Aliases,
): Rejected | undefined => {
  if (dialect === '' || oldId < 1 || oldId >= firstId) return rejected('invalid')
  return (aliases.get(aliasKey(dialect, whose)) ?? oldId) === oldId ? undefined : rejected('invalid')
}
