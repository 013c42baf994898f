import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { flag, helpIfAsked, parseOptions, parseWords, usageFault } from '@chat/runtime'
import type { BrokerCount } from './layout.ts'
import type { ServerStatus, Stack } from './stack.ts'

export type StackCommand =
  | { readonly name: 'up'; readonly brokers: BrokerCount | undefined }
  | { readonly name: 'down'; readonly isWipe: boolean }
  | { readonly name: 'status'; readonly isJson: boolean }
  | { readonly name: 'logs'; readonly server: string; readonly isFollowed: boolean }

const usage = `usage: npm run stack -- <command>
  up [--brokers 1|3]    start Kafka, Redis, PostgreSQL and the registry; make topics, schemas and tables
  down [--wipe]         stop them; --wipe removes their data too
  status [--json]       what runs, and where; exit code 3 when something does not
  logs NAME [-f]        the log of one server; -f follows it`

const wrong = (sentence: string) => usageFault(sentence, usage)

/** Throws Faults `usage` and `help`. */
export const parseCommand = (args: readonly string[]): StackCommand => {
  helpIfAsked(args, usage)
  const [name, ...rest] = args
  switch (name) {
    case 'up':
      return { name, brokers: parseBrokers(parseOptions(rest, { brokers: { type: 'string' } }, usage).brokers) }
    case 'down':
      return { name, isWipe: parseOptions(rest, { wipe: flag }, usage).wipe }
    case 'status':
      return { name, isJson: parseOptions(rest, { json: flag }, usage).json }
    case 'logs': {
      const { values, positionals } = parseWords(rest, { follow: { ...flag, short: 'f' } }, usage)
      const [server, ...more] = positionals
      if (more.length > 0) throw wrong('logs shows one server')
      if (server === undefined) throw wrong('logs needs the name of a server, as `npm run stack -- status` lists them')
      return { name, server, isFollowed: values.follow }
    }
    default:
      throw wrong(name === undefined ? 'a command is missing' : `unknown command ${name}`)
  }
}

const parseBrokers = (value: string | undefined): BrokerCount | undefined => {
  if (value === undefined) return undefined
  if (value === '1') return 1
  if (value === '3') return 3
  throw wrong('--brokers is 1 or 3')
}

/** Runs one command and resolves with the exit code. */
export const runCommand = async (
  command: StackCommand,
  createStack: (brokers: BrokerCount | undefined) => Stack,
  print: (line: string) => void,
): Promise<number> => {
  switch (command.name) {
    case 'up': {
      const addresses = await createStack(command.brokers).up()
      for (const [name, value] of Object.entries(addresses)) print(`${name}=${value}`)
      return 0
    }
    case 'down':
      await createStack(undefined).down({ isWipe: command.isWipe })
      print(command.isWipe ? 'stopped, data removed' : 'stopped, data kept')
      return 0
    case 'status': {
      const servers = await createStack(undefined).status()
      print(command.isJson ? JSON.stringify(servers, null, 2) : describe(servers))
      return servers.length > 0 && servers.every(({ isServing }) => isServing) ? 0 : 3
    }
    case 'logs':
      return showLog(createStack(undefined), command.server, command.isFollowed)
  }
}

const describe = (servers: readonly ServerStatus[]): string =>
  servers.length === 0
    ? 'there is no stack here: npm run stack -- up'
    : servers
        .map(({ name, address, pid, isServing }) => {
          const state = pid === undefined ? 'stopped' : `${isServing ? 'serves' : 'does not serve'}, pid ${pid}`
          return `${name.padEnd(10)} ${address.padEnd(16)} ${state}`
        })
        .join('\n')

const showLog = async (stack: Stack, server: string, isFollowed: boolean): Promise<number> => {
  const path = stack.logPath(server)
  if (!existsSync(path)) {
    const names = (await stack.status()).map(({ name }) => name).join(' ')
    throw wrong(names === '' ? 'there is no stack here' : `no log of ${server}; the servers are ${names}`)
  }
  const args = isFollowed ? ['-n', '100', '-F', path] : ['-n', '+1', path]
  return new Promise((resolve, reject) => {
    const child = spawn('tail', args, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 0))
  })
}
