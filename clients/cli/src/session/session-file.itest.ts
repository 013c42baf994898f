import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { systemSurroundings } from '../platform.ts'
import { createMemorySessionFile, testLogin } from '../test-surroundings.ts'
import type { SessionFile } from './session-file.ts'

const folders: string[] = []
const newFolder = (): string => {
  const folder = join(mkdtempSync(join(tmpdir(), 'chat-cli-')), 'home')
  folders.push(folder)
  return folder
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(join(folder, '..'), { recursive: true, force: true })
})

const { openSessionFile } = systemSurroundings()

describe.each([
  ['a file', () => openSessionFile(newFolder())],
  ['its twin in memory', () => createMemorySessionFile()],
] as const)('the session in %s', (_, create: () => SessionFile) => {
  test('is what was saved last, until it is removed', async () => {
    const file = create()
    expect(await file.load()).toBeUndefined()
    await file.save(testLogin(1, 'one'))
    await file.save(testLogin(2, 'two'))
    await file.savePosition('p')
    expect(await file.load()).toEqual(testLogin(2, 'two'))
    expect(await file.loadPosition()).toBe('p')
    await file.remove()
    expect([await file.load(), await file.loadPosition()]).toEqual([undefined, undefined])
  })

  test('is changed by one at a time, also after one that failed', async () => {
    const file = create()
    let inside = 0
    let insideMax = 0
    const work = () =>
      file.exclusively(async () => {
        insideMax = Math.max(insideMax, ++inside)
        await file.load()
        inside--
        if (insideMax > 1) throw new Error('two at once')
      })
    await expect(file.exclusively(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    await Promise.all(Array.from({ length: 5 }, work))
    expect(insideMax).toBe(1)
  })
})

test('nobody else can read the files, and no draft is left', async () => {
  const folder = newFolder()
  const file = openSessionFile(folder)
  await file.exclusively(() => file.save(testLogin()))
  await file.savePosition('p')
  expect(readdirSync(folder).sort()).toEqual(['position', 'session.json'])
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
})

test('a lock of a command that was killed is taken away', async () => {
  const folder = newFolder()
  const file = openSessionFile(folder)
  await file.save(testLogin())
  writeFileSync(join(folder, 'session.lock'), '')
  const longAgo = Date.now() / 1_000 - 60
  utimesSync(join(folder, 'session.lock'), longAgo, longAgo)
  expect(await file.exclusively(async () => 'done')).toBe('done')
})

test('a file that is no session says so', async () => {
  const folder = newFolder()
  const file = openSessionFile(folder)
  await file.save(testLogin())
  writeFileSync(join(folder, 'session.json'), '{"url":1}')
  await expect(file.load()).rejects.toMatchObject({ status: 4 })
})
