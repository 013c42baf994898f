import { isFault } from '@chat/runtime'
import { expect, test } from 'vitest'
import { parseStartArgs } from './arguments.ts'
import { readConfig } from './config.ts'

test('without an option only those older protocols are spoken whose port is given', () => {
  expect(parseStartArgs([])).toEqual({ dialects: 'given' })
  expect(portsOf({}, 'given')).toEqual([0, 0, 0, 0, 0, 0])
  expect(portsOf({ CHAT_DIALECT_UNIT_PORT: '9004' }, 'given')).toEqual([0, 0, 0, 9004, 0, 0])
})

test('--dialects is all of them at their documented ports; a port that is given wins, also 0, and an empty variable is none', () => {
  expect(parseStartArgs(['--dialects'])).toEqual({ dialects: 'all' })
  expect(portsOf({}, 'all')).toEqual([8001, 8002, 8003, 8004, 8005, 8888])
  const env = { CHAT_DIALECT_JSON_TO_PORT: '9002', CHAT_DIALECT_ENVELOPE_PORT: '0', CHAT_DIALECT_UNIT_PORT: '' }
  expect(portsOf(env, 'all')).toEqual([8001, 9002, 0, 8004, 8005, 8888])
  expect(readConfig({}, { dialects: 'all' }).actionAddress).toEqual({ host: '127.0.0.1', port: 8005 })
})

/** What whoever asks for it is told. */
const helpFor = (...args: readonly string[]): string => {
  try {
    parseStartArgs(args)
  } catch (error) {
    if (isFault(error, 'help')) return error.message
  }
  throw new Error(`${args.join(' ')} gives no help`)
}

test('--help is how it is called, whatever stands beside it', () => {
  const help = helpFor('--dialects', '--help')
  for (const port of [8001, 8002, 8003, 8004, 8005, 8888]) expect(help).toContain(String(port))
  expect(helpFor('--help', 'me')).toBe(help)
})

test.each([['--dialect'], ['dialects'], ['--dialects=on'], ['--no-dialects'], ['-d']])(
  '%s is not understood: a sentence and how it is called',
  (...args) => {
    expect(() => parseStartArgs(args)).toThrow(expect.objectContaining({ code: 'usage' }))
    expect(() => parseStartArgs(args)).toThrow(helpFor('--help'))
  },
)

const portsOf = (env: Readonly<Record<string, string>>, dialects: 'all' | 'given') => {
  const config = readConfig(env, { dialects })
  return [
    ...[config.dialectJsonToidPort, config.dialectJsonToPort, config.dialectEnvelopePort, config.dialectUnitPort],
    ...[config.dialectActionPort, config.dialectActionGatewayPort],
  ]
}
