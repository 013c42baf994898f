import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServiceProcess } from '@chat/stack'
import { createDevice, type Device, registerAccount, waitUntil } from '@chat/testkit'
import { expect } from 'vitest'
import { idOf } from '../crowd/asked.ts'
import { Person } from '../crowd/person.ts'
import { type DialectPorts, dialectEnv, freeDialectPorts } from '../crowd/ports.ts'
import { actionDialect, type Dialect, envelopeDialect, jsonDialect, type Room, unitDialect } from '../crowd/seats.ts'
import { ask } from './bad-input-client.ts'
import { startServer, stopServer } from './bad-input-target.ts'

const deadlineMs = 20_000

/** Two who talk, on connections that they have from the beginning. */
interface Innocents {
  readonly from: Person
  readonly to: Person
  readonly said: string[]
}

/** An embedded system that speaks all older protocols and is treated badly, with innocent people of each on it. */
export interface DialectTarget {
  readonly server: ServiceProcess
  readonly ports: DialectPorts
  innocentsOf(dialect: string): Innocents
  idOf(name: string): Promise<number>
  /** The innocents talk as if nothing had been, and the server is well. */
  expectUnharmed(): Promise<void>
  /** Nothing that it was sent is an error of the server. */
  expectNothingReported(): void
  stop(): Promise<void>
}

export const startDialectTarget = async (): Promise<DialectTarget> => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-dialect-bad-input-'))
  const [ports] = await freeDialectPorts(1)
  if (ports === undefined) throw new Error('no ports')
  const env = { ...dialectEnv(ports), CHAT_LIMITS: 'off', CHAT_DIALECT_PACING_MS: '0' }
  const server = await startServer(folder, env)
  const asker = createDevice({ urls: [server.url], account: await registerAccount(server.url, 'asker') })
  await asker.connect()
  const innocents = new Map<string, Innocents>()
  for (const dialect of dialectsAt(ports)) {
    const [from, to] = [await arrive(dialect, 'ann', asker), await arrive(dialect, 'bob', asker)]
    innocents.set(dialect.name, { from, to, said: [] })
  }
  return {
    ...{ server, ports },
    innocentsOf: (dialect) => innocents.get(dialect) ?? never(),
    idOf: (name) => idOf(name, asker),
    expectUnharmed: async () => {
      for (const pair of innocents.values()) await expectTalking(pair)
      expect((await ask(server.url, { path: '/healthz' })).text).toBe('{"status":"ok"}')
    },
    expectNothingReported: () => {
      const lines = server.logs().split('\n')
      expect(lines.filter((line) => /"level":(50|60)|Error:|^\s+at /.test(line))).toEqual([])
    },
    stop: async () => {
      for (const { from, to } of innocents.values()) for (const person of [from, to]) person.leave()
      await asker.close()
      await stopServer(server, folder)
    },
  }
}

const never = (): never => {
  throw new Error('there are innocents of each dialect')
}

export const dialectsAt = (ports: DialectPorts): readonly Dialect[] => [
  jsonDialect('json-to', () => ports.JSON_TO),
  jsonDialect('json-toid', () => ports.JSON_TOID),
  envelopeDialect(() => ports.ENVELOPE),
  unitDialect(() => ports.UNIT),
  actionDialect(() => ports.ACTION_GATEWAY),
]

const arrive = async (dialect: Dialect, name: string, asker: Device): Promise<Person> => {
  const person = new Person(`${dialect.name}-${name}`, dialect, 0)
  await person.register()
  person.id = await idOf(person.name, asker)
  await person.comeIn()
  return person
}

const noRoom: Room = { name: '', title: '', id: 0 }

const expectTalking = async ({ from, to, said }: Innocents): Promise<void> => {
  said.push(from.say(to, noRoom))
  await waitUntil(() => to.shows(said.at(-1) ?? ''), { deadlineMs, what: `${to.name} hears ${from.name}` })
  expect([from.isThere, to.isThere]).toEqual([true, true])
  // Nothing else came.
  expect([from, to].map((person) => person.witness().showings.map(({ text }) => text))).toEqual([[], said])
  expect([...from.aborts(), ...to.aborts()]).toEqual([])
}
