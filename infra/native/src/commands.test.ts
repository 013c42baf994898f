import { expect, test } from 'vitest'
import { parseCommand, runCommand } from './commands.ts'
import type { ServerStatus, Stack } from './stack.ts'

test('reads every command with its options', () => {
  expect(parseCommand(['up'])).toEqual({ name: 'up', brokers: undefined })
  expect(parseCommand(['up', '--brokers', '3'])).toEqual({ name: 'up', brokers: 3 })
  expect(parseCommand(['down', '--wipe'])).toEqual({ name: 'down', isWipe: true })
  expect(parseCommand(['status', '--json'])).toEqual({ name: 'status', isJson: true })
  expect(parseCommand(['logs', 'kafka-1', '-f'])).toEqual({ name: 'logs', server: 'kafka-1', isFollowed: true })
})

test.each([[['--help']], [['up', '--help']]])('tells how it is called for %j', (args) => {
  expect(() => parseCommand(args)).toThrow(expect.objectContaining({ code: 'help' }))
})

test.each([
  [[]],
  [['start']],
  [['up', '--brokers', '2']],
  [['up', 'now']],
  [['down', '--brokers', '3']],
  [['logs']],
  [['logs', 'kafka-1', 'redis']],
])('refuses %j as a wrong use', (args) => {
  expect(() => parseCommand(args)).toThrow(expect.objectContaining({ code: 'usage' }))
})

const stackWith = (servers: readonly ServerStatus[]): Stack => ({
  up: async () => ({}),
  down: async () => {},
  status: async () => servers,
  signal: () => false,
  startServer: async () => {},
  logPath: (name) => name,
})

const status = async (servers: readonly ServerStatus[], isJson: boolean) => {
  const lines: string[] = []
  const exitCode = await runCommand(
    { name: 'status', isJson },
    () => stackWith(servers),
    (line) => lines.push(line),
  )
  return { exitCode, text: lines.join('\n') }
}
const serving = { name: 'kafka-1', address: '127.0.0.1:19192', pid: 57, isServing: true }
const stopped = { name: 'redis', address: '127.0.0.1:19379', isServing: false }

test('status names pid and address of each server, as JSON too', async () => {
  expect((await status([serving, stopped], false)).text).toMatch(
    /kafka-1 .*127\.0\.0\.1:19192 .*pid 57\nredis .*stopped/,
  )
  expect(JSON.parse((await status([serving, stopped], true)).text)).toEqual([serving, stopped])
})

test('status exits with 0 only when everything serves', async () => {
  expect((await status([serving], true)).exitCode).toBe(0)
  expect((await status([serving, stopped], true)).exitCode).toBe(3)
  expect((await status([{ ...serving, isServing: false }], true)).exitCode).toBe(3)
  expect((await status([], true)).exitCode).toBe(3)
})
