import { expect, test } from 'vitest'
import { parseRebuildArgs } from './rebuild-args.ts'

test('one thing is asked for at a time, and nothing at all means a rebuild', () => {
  expect(parseRebuildArgs([])).toBe('rebuild')
  expect(parseRebuildArgs(['--anew'])).toBe('rebuild-anew')
  expect(parseRebuildArgs(['--rollback'])).toBe('rollback')
  expect(parseRebuildArgs(['--drop-previous'])).toBe('drop-previous')
  expect(() => parseRebuildArgs(['--rollback', '--drop-previous'])).toThrow('only one of --rollback, --drop-previous')
  expect(() => parseRebuildArgs(['--role-back'])).toThrow('--role-back')
  expect(() => parseRebuildArgs(['now'])).toThrow('now')
})
