import { access, link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Fault, type Random, randomId } from '@chat/runtime'
import type { TokenKeys } from './tokens.ts'

/** HS256 asks for a key of at least the hash's length (RFC 7518 §3.2), bytes. */
const keyBytesMin = 32

/**
 * The keys of access tokens: one or two lines, each base64 (either alphabet) of 32 bytes or more. The first signs, both verify.
 * Throws Fault `token_keys` (not retryable) with a sentence when the file cannot be read or is not that.
 */
export const readTokenKeys = async (path: string): Promise<TokenKeys> => {
  try {
    return parseTokenKeys(await readFile(path, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Fault('token_keys', `token keys ${path}: ${reason}`, { isRetryable: false, cause: error })
  }
}

/**
 * The same; a file that is not there is made, with its folder, with one new key, readable by its owner alone (0600). Of several
 * processes that make it at once one wins, and all read the same.
 */
export const loadOrCreateTokenKeys = async (path: string, random: Random): Promise<TokenKeys> => {
  if (!(await isThere(path))) await create(path, random)
  return readTokenKeys(path)
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const create = async (path: string, random: Random): Promise<void> => {
  const draft = `${path}.${randomId(random)}`
  const text = `${Buffer.from(random.bytes(keyBytesMin)).toString('base64')}\n`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(draft, text, { mode: 0o600, flag: 'wx', flush: true })
    // A link is there whole or not at all, and never replaces what is there.
    await link(draft, path).catch(ignoreExisting)
    await unlink(draft)
  } catch (error) {
    throw new Fault('token_keys', `token keys ${path} cannot be made`, { isRetryable: false, cause: error })
  }
}

const ignoreExisting = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EEXIST') throw error
}

const parseTokenKeys = (text: string): TokenKeys => {
  const lines = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
  const [first, ...others] = lines.map(parseKey)
  if (first === undefined || others.length > 1) throw new Error('must hold one or two keys, one a line')
  return [first, ...others]
}

const parseKey = (line: string): Uint8Array => {
  const key = Buffer.from(line, 'base64')
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(line) || key.length < keyBytesMin) {
    throw new Error(`each key must be base64 of at least ${keyBytesMin} bytes`)
  }
  return key
}
