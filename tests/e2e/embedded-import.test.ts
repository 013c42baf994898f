import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findLocalPostgres } from '@chat/local-postgres'
import { freePort } from '@chat/stack'
import { waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedSystem, startEmbedded } from './embedded-system.ts'
import { startImport } from './import-command.ts'
import { importScenarios } from './import-scenarios.ts'
import { wanted, writeOldServer } from './old-server-files.ts'
import { dumpDatabase, expectStoredReadModelsEqualFold } from './read-models.ts'

let system: EmbeddedSystem | undefined
let port = 0

beforeAll(async () => {
  port = await freePort()
  system = await startEmbedded({
    ...{ CHAT_FIRST_ID: '100000', CHAT_DIALECT_PACING_MS: '1', CHAT_DIALECT_JSON_TO_PORT: String(port) },
  })
}, 120_000)

afterAll(() => system?.close())

const started = (): EmbeddedSystem => system ?? expect.fail('there is no system')

const databaseUrl = async (): Promise<string> =>
  (await findLocalPostgres(join(started().folder, 'postgres'))) ?? expect.fail('there is no database')

importScenarios(() => ({
  ...{ env: started().env, port },
  databaseUrl,
  restart: async () => {
    await started().end('SIGKILL')
    await started().start()
  },
}))

test('a stop does not wait for a run, which says that it did not come to its end', { timeout: 120_000 }, async () => {
  const old = writeOldServer()
  const users = Array.from({ length: 600 }, (_, index) => `${1000 + index},late ${index},x`)
  writeFileSync(join(old.folder, 'late.csv'), ['id,name,password', ...users, ''].join('\n'))
  const run = startImport(started().env, ['--dialect', 'json-to', '--users', 'late.csv'], old.folder)
  const isUnderWay = async () => (await dumpDatabase(await databaseUrl())).users.length > wanted.counts.users
  await waitUntil(isUnderWay, { deadlineMs: 60_000, everyMs: 100, what: 'some of them are there' })
  expect(await started().end('SIGTERM')).toEqual({ code: 0, signal: null })
  expect((await run.ended).code).toBe(2)
  old.remove()
})

test('while it does not run the command does it alone', { timeout: 180_000 }, async () => {
  const old = writeOldServer()
  const { code, out } = await startImport(started().env, old.args, old.folder).ended
  expect({ code, lines: out.split('\n').slice(0, wanted.lines.length) }).toEqual({ code: 1, lines: wanted.lines })
  await expectStoredReadModelsEqualFold(started())
  await started().start()
  old.remove()
})
