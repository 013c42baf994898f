import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { indexedDbStorage } from './indexed-db.ts'
import { memoryStorage } from './memory.ts'
import { createTestIndexedDb } from './test-indexed-db.ts'

let browser: ReturnType<typeof createTestIndexedDb>

beforeEach(() => {
  browser = createTestIndexedDb()
  vi.stubGlobal('indexedDB', browser)
})

afterEach(() => {
  vi.unstubAllGlobals()
})

describe.each([
  ['memory', memoryStorage],
  ['IndexedDB', () => indexedDbStorage('tab')],
])('%s storage', (_, create) => {
  test('loads what was saved last, key by key', async () => {
    const storage = create()
    expect(await storage.load('a')).toBeUndefined()
    await storage.save('a', 'one')
    await storage.save('b', 'other')
    await storage.save('a', 'two')
    expect([await storage.load('a'), await storage.load('b')]).toEqual(['two', 'other'])
  })

  test('forgets what is removed', async () => {
    const storage = create()
    await storage.save('a', 'one')
    await storage.save('a', undefined)
    expect(await storage.load('a')).toBeUndefined()
  })
})

test('IndexedDB keeps over a reload, by name', async () => {
  await indexedDbStorage('tab').save('a', 'one')
  expect(await indexedDbStorage('tab').load('a')).toBe('one')
  expect(await indexedDbStorage('other').load('a')).toBeUndefined()
})

test('a database that cannot be opened is tried again with the next use', async () => {
  const storage = indexedDbStorage('tab')
  browser.failWith(new Error('private mode'))
  await expect(storage.load('a')).rejects.toThrow('private mode')
  browser.failWith(undefined)
  await storage.save('a', 'one')
  browser.failWith(new Error('quota'))
  await expect(storage.save('a', 'two')).rejects.toThrow('quota')
  browser.failWith(undefined)
  expect(await storage.load('a')).toBe('one')
})

test('where there is no IndexedDB that is said', async () => {
  vi.stubGlobal('indexedDB', undefined)
  await expect(indexedDbStorage('tab').load('a')).rejects.toThrow('no IndexedDB')
})
