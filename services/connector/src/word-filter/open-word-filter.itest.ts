import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isFault, type Logger, silentLogger } from '@chat/runtime'
import { createFakeClock, waitUntil } from '@chat/testkit'
import { expect, onTestFinished, test } from 'vitest'
import { openWordFilter, wordListPollMs } from './open-word-filter.ts'

/** The files are real, so a look may end after the fake clock has moved on. */
const whenPolled = (clock: ReturnType<typeof createFakeClock>, condition: () => boolean) =>
  waitUntil(
    async () => {
      await clock.advance(wordListPollMs)
      return condition()
    },
    { deadlineMs: 10_000, what: 'the files taken over' },
  )

const setUp = async (files: Readonly<Record<string, string | Uint8Array>>) => {
  const folder = await mkdtemp(join(tmpdir(), 'word-lists-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const write = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content)
  for (const [name, content] of Object.entries(files)) await write(name, content)
  const clock = createFakeClock(0)
  const warnings: string[] = []
  const logger: Logger = { ...silentLogger, warn: (_fields, phrase) => void warnings.push(phrase) }
  const open = async (wordFilter: 'off' | 'mask' | 'refuse' = 'mask') => {
    const filter = await openWordFilter({ wordFilter, wordFilterDir: folder }, { clock, logger })
    onTestFinished(filter.close)
    return filter
  }
  return { folder, write, clock, warnings, open }
}

test('the words of all files are in force; comments and empty lines are none', async () => {
  const { open } = await setUp({ 'en.txt': '# rude\n\nbadword\r\n', 'ja.txt': '悪い', 'readme.md': 'hello' })
  const filter = await open()
  expect(filter.mask('# rude badword 悪い hello')).toBe('# rude ******* ** hello')
})

test('`refuse` refuses what is written and masks what was written before; `mask` refuses nothing; `off` does neither', async () => {
  const { open } = await setUp({ 'en.txt': 'badword' })
  const both = async (mode: 'off' | 'mask' | 'refuse') => {
    const filter = await open(mode)
    return [filter.refuses('a badword'), filter.mask('a badword')]
  }
  expect(await both('refuse')).toEqual([true, 'a *******'])
  expect(await both('mask')).toEqual([false, 'a *******'])
  expect(await both('off')).toEqual([false, 'a badword'])
})

test('a changed file is in force within two looks, and a new one too', async () => {
  const { open, write, clock } = await setUp({ 'en.txt': 'badword' })
  const filter = await open()
  await write('en.txt', 'otherword')
  await write('de.txt', 'wort')
  await whenPolled(
    clock,
    () => filter.mask('badword otherwort') === 'badword other****' && filter.mask('otherword') === '*********',
  )
})

test('a file that became unusable is warned of once, and the list in force stays', async () => {
  const { open, write, clock, warnings } = await setUp({ 'en.txt': 'badword' })
  const filter = await open()
  await write('en.txt', Uint8Array.of(0xff, 0xfe, 0x41))
  await whenPolled(clock, () => warnings.length > 0)
  for (let look = 0; look < 4; look++) await clock.advance(wordListPollMs)
  expect([warnings.length, filter.mask('badword')]).toEqual([1, '*******'])
  await write('en.txt', 'goodword')
  await whenPolled(clock, () => filter.mask('goodword') === '********')
})

test.each([
  ['no file', {}, 'has no file *.txt'],
  ['an empty file', { 'en.txt': '' }, 'en.txt has no word'],
  ['only comments', { 'en.txt': '# nothing' }, 'en.txt has no word'],
  ['bytes that are not UTF-8', { 'en.txt': Uint8Array.of(0xff, 0xfe, 0x41) }, 'en.txt is not UTF-8'],
  ['an invisible word', { 'en.txt': 'badword\n\u200b' }, 'line 2 is no word'],
  ['a word that is too long', { 'en.txt': 'x'.repeat(65) }, 'line 1 has more than 64 characters'],
  ['too many words', { 'en.txt': Array.from({ length: 10_001 }, (_, n) => `w${n}`).join('\n') }, 'above 10000 words'],
  ['a file that is too large', { 'en.txt': `#${'x'.repeat(1024 * 1024)}` }, 'above 1048576 bytes'],
])('%s is a clear error at start', async (_, files, message) => {
  const { open, folder } = await setUp(files)
  const error = await open().catch((thrown: unknown) => thrown)
  expect(isFault(error, 'word_list_invalid')).toBe(true)
  expect(String(error)).toContain(folder)
  expect(String(error)).toContain(message)
})

test('a folder that is not there is a clear error at start', async () => {
  const clock = createFakeClock(0)
  const opening = openWordFilter(
    { wordFilter: 'mask', wordFilterDir: '/nowhere/words' },
    { clock, logger: silentLogger },
  )
  await expect(opening).rejects.toThrow(/word list \/nowhere\/words cannot be read/)
})
