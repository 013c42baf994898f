import { expect, test } from 'vitest'
import { hashOfFiles, isHashed } from './domain-hash.ts'

const files = new Map([
  ['batch.ts', 'a'],
  ['direct/decide.ts', 'b'],
])

test('every change of a file, of its name and of their number makes another hash', () => {
  const changes = [
    files,
    new Map([...files, ['batch.ts', 'a2']] as const),
    new Map([...files, ['more.ts', '']]),
    new Map([['batch.ts', 'a']]),
    new Map([
      ['batches.ts', 'a'],
      ['direct/decide.ts', 'b'],
    ]),
  ]
  expect(new Set(changes.map(hashOfFiles)).size).toBe(changes.length)
})

test('the order of the files makes none', () => {
  expect(hashOfFiles(new Map([...files].reverse()))).toBe(hashOfFiles(files))
})

test('tests and generated files are left out, and nothing else', () => {
  const paths = ['batch.ts', 'direct/decide.ts', 'latest.ts', 'batch.test.ts', 'direct/x.itest.ts', 'test-world.ts']
  expect([...paths, 'generated/domain-hash.ts', 'direct/test-a.ts', 'notes.md'].filter(isHashed)).toEqual(
    paths.slice(0, 3),
  )
})
