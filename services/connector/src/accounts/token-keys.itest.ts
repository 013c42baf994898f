import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSeededRandom } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadOrCreateTokenKeys, readTokenKeys } from './token-keys.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'token-keys-'))
})
afterAll(() => rm(folder, { recursive: true }))

const random = createSeededRandom(1)

test('makes a key that only its owner can read, and reads the same one again', async () => {
  const path = join(folder, 'new', 'keys')
  const keys = await loadOrCreateTokenKeys(path, random)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(keys[0]).toHaveLength(32)
  expect(await loadOrCreateTokenKeys(path, random)).toEqual(keys)
  expect(await readTokenKeys(path)).toEqual(keys)
  expect(await readdir(join(folder, 'new'))).toEqual(['keys'])
})

test('several that make it at once have the same key', async () => {
  const path = join(folder, 'contended')
  const all = await Promise.all(Array.from({ length: 8 }, () => loadOrCreateTokenKeys(path, random)))
  for (const keys of all) expect(keys).toEqual(all[0])
})

test('reads two keys, the first of which signs', async () => {
  const path = join(folder, 'two')
  const lines = [1, 2].map((fill) => Buffer.alloc(32, fill).toString('base64'))
  await writeFile(path, `${lines.join('\n')}\n\n`)
  const keys = await readTokenKeys(path)
  expect(keys.map((key) => key[0])).toEqual([1, 2])
  expect(await readFile(path, 'utf8')).toContain(lines[0])
})

test.each([
  ['an empty file', '', /one or two keys/],
  ['three keys', `${`${'A'.repeat(44)}\n`.repeat(3)}`, /one or two keys/],
  ['a short key', 'AAAA', /at least 32 bytes/],
  ['what is not base64', `${'ä'.repeat(50)}`, /base64/],
])('refuses %s with a sentence', async (name, content, sentence) => {
  const path = join(folder, name.replaceAll(' ', '-'))
  await writeFile(path, content)
  await expect(readTokenKeys(path)).rejects.toMatchObject({ code: 'token_keys', isRetryable: false })
  await expect(readTokenKeys(path)).rejects.toThrow(sentence)
})

test('a file that cannot be read or made is said', async () => {
  await expect(readTokenKeys(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'token_keys' })
  await writeFile(join(folder, 'file'), '')
  const below = join(folder, 'file', 'keys')
  await expect(loadOrCreateTokenKeys(below, random)).rejects.toMatchObject({ code: 'token_keys' })
})
