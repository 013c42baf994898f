import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

const flag = { type: 'boolean', default: false } as const
const read = (...args: readonly string[]) => parseOptions(args, { all: flag }, 'usage: it [--all]')

test('options are as they were given', () => {
  expect([read().all, read('--all').all]).toEqual([false, true])
})

test.each(['--al', 'all', '--all=1'])('%s is not known: a sentence, and how it is called', (arg) => {
  const wrong = { code: 'usage', isRetryable: false, message: expect.stringMatching(/.+\nusage: it \[--all\]$/) }
  expect(() => read(arg)).toThrow(expect.objectContaining(wrong))
})
