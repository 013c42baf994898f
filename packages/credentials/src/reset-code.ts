import type { Random } from '@chat/runtime'
import { digest } from './refresh-token.ts'

/*
 * A reset code is 20 characters of Crockford's base 32, 100 random bits, in four groups: `7K2M9-QX4TD-0HRNW-V8ZB3`. What people read out and
 * type is read kindly: case, hyphens and spaces do not matter, O is 0, I and L are 1. The store keeps SHA-256 of the 20 characters.
 */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const codeChars = 20
const groupChars = 5

export const newResetCode = (random: Random): string => {
  const chars = Array.from(random.bytes(codeChars), (byte) => alphabet.charAt(byte % alphabet.length))
  return Array.from({ length: codeChars / groupChars }, (_, group) =>
    chars.slice(group * groupChars, (group + 1) * groupChars).join(''),
  ).join('-')
}

/** What the store keeps of a code. The input is random, so it needs no salt. What is no code has a hash that no code has. */
export const resetCodeHash = (code: string): string =>
  digest(Buffer.from(code.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')))
