import { expect, test } from 'vitest'
import { parseCommand as parse } from './arguments.ts'

const parseCommand = (args: readonly string[]) => parse(args, 99)

test('reads what to run, and on how many brokers', () => {
  expect(parseCommand(['list'])).toEqual({ command: 'list' })
  expect(parseCommand(['run', 'a', 'b', '--brokers', '3'])).toEqual({
    command: 'run',
    names: ['a', 'b'],
    brokers: 3,
    keeping: { keepsAll: false, isInLedger: false },
  })
  expect(parseCommand(['run', 'a', '--keep', '--ledger'])).toEqual({
    command: 'run',
    names: ['a'],
    brokers: undefined,
    keeping: { keepsAll: true, isInLedger: true },
  })
  expect(parseCommand(['replay', 'x/script.json'])).toEqual({ command: 'replay', path: 'x/script.json' })
  expect(parseCommand(['nemesis', '--minutes', '3', '--seed', '7', '--ledger'])).toEqual({
    command: 'nemesis',
    nemesis: { minutes: 3, seed: 7, brokers: 1, keeping: { keepsAll: false, isInLedger: true } },
  })
  expect(() => parseCommand(['nemesis', '--help'])).toThrow(expect.objectContaining({ code: 'help' }))
  expect(parseCommand(['nemesis'])).toMatchObject({ nemesis: { seed: 99 } })
})

test.each([
  [[]],
  [['run']],
  [['replay']],
  [['nemesis', '--brokers', '2']],
  [['nemesis', '--minutes', 'x']],
  [['what']],
  [['list', '--what']],
])('says how to use it for %j', (args) => {
  expect(() => parseCommand(args)).toThrow(/.+\nnpm run faults/)
})
