import { expect, test } from 'vitest'
import { flag, parseOptions, parseWords, refuseArguments } from './options.ts'

const read = (...args: readonly string[]) => parseOptions(args, { all: flag }, 'usage: it [--all]')

test('options are as they were given', () => {
  expect([read().all, read('--all').all]).toEqual([false, true])
})

test.each(['--al', 'all', '--all=1'])('%s is not known: a sentence, and how it is called', (arg) => {
  const wrong = { code: 'usage', isRetryable: false, message: expect.stringMatching(/.+\nusage: it \[--all\]$/) }
  expect(() => read(arg)).toThrow(expect.objectContaining(wrong))
})

test.each([['--help'], ['--al', '--help'], ['--help', 'all']])(
  '%s asks how it is called, whatever stands beside it',
  (...args) => {
    const help = { code: 'help', isRetryable: false, message: 'usage: it [--all]' }
    expect(() => read(...args)).toThrow(expect.objectContaining(help))
    expect(() => parseWords(args, { all: flag }, 'usage: it [--all]')).toThrow(expect.objectContaining(help))
  },
)

test('words are those that are no options', () => {
  const { values, positionals } = parseWords(['a', '--all', 'b'], { all: flag }, 'usage: it [--all]')
  expect([values.all, positionals]).toEqual([true, ['a', 'b']])
  expect(() => parseWords(['a', '--al'], { all: flag }, 'usage: it')).toThrow(/.+\nusage: it$/)
})

test('a process without options takes no arguments, and tells how it is called', () => {
  expect(() => refuseArguments([], 'router')).not.toThrow()
  expect(() => refuseArguments(['--port'], 'router')).toThrow(expect.objectContaining({ code: 'usage' }))
  expect(() => refuseArguments(['--help'], 'router')).toThrow(
    expect.objectContaining({ code: 'help', message: expect.stringMatching(/^usage: npm run router\n/) }),
  )
})
