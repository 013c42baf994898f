import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { applyAuthMigrations } from '@chat/credentials/postgres'
import { findLocalPostgres } from '@chat/local-postgres'
import { registerAccounts, type System, startSystem } from '@chat/stack/system'
import { type Account, getJson, postJson, waitUntil } from '@chat/testkit'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmbeddedSystem, startEmbedded } from './embedded-system.ts'

const run = promisify(execFile)
const command = new URL('../../services/connector/src/recover-main.ts', import.meta.url).pathname

/** `npm run recover`: its lines, split. */
const recover = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
  const { stdout } = await run(process.execPath, [command, ...args], { env })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
}

/** Schema `auth` is lost with everything in it, and made anew as `init` does. */
const loseAuth = async (databaseUrl: string): Promise<void> => {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 })
  await pool.query('drop schema auth cascade')
  await applyAuthMigrations(pool)
  await pool.end()
}

const logIn = ({ name, password }: Pick<Account, 'name' | 'password'>, url: string) =>
  postJson(`${url}/v1/sessions`, { name, password })

interface Target {
  readonly url: string
  readonly databaseUrl: string
  readonly env: Readonly<Record<string, string>>
  readonly flags: readonly string[]
}

/** Everybody that the log knows comes back, as who he was. */
const recoversAll = async ({ url, databaseUrl, env, flags }: Target): Promise<void> => {
  const accounts = await registerAccounts([url], 5)
  await waitUntil(async () => (await logIn(accounts[4] ?? noAccount, url)).status === 201, {
    deadlineMs: 30_000,
    what: 'the last one is projected',
  })
  await loseAuth(databaseUrl)
  const [ann = noAccount] = accounts
  expect((await logIn(ann, url)).status).toBe(401)
  const codes = await recover(env, '--all', ...flags)
  expect(codes.map(([id]) => Number(id)).sort()).toEqual(accounts.map(({ userId }) => userId).sort())
  for (const [id, name = '', code] of codes) {
    const password = `new password of ${name}`
    const reset = { name, code, password }
    const { status, body } = await postJson(`${url}/v1/password-resets`, reset)
    expect([status, body.user]).toMatchObject([200, { id: Number(id), name }])
    expect((await postJson(`${url}/v1/password-resets`, reset)).body.code).toBe('bad_credentials')
    const session = await logIn({ name, password }, url)
    expect(session.body.user).toMatchObject({ id: Number(id), name })
    const me = await getJson(`${url}/v1/me`, String(session.body.accessToken))
    expect(me.body.user).toMatchObject({ id: Number(id) })
  }
  const [[id, name, code] = []] = await recover(env, ann.name, ...flags)
  expect([id, name]).toEqual([String(ann.userId), ann.name])
  const { status } = await postJson(`${url}/v1/password-resets`, { userId: ann.userId, code, password: 'once more' })
  expect(status).toBe(200)
  await expect(recover(env, 'nobody at all', ...flags)).rejects.toMatchObject({ code: 1 })
}

const noAccount: Account = { userId: 0, name: '', password: '' }

describe('after schema auth was lost, every account of the log gets a password again', () => {
  let system: System
  let embedded: EmbeddedSystem
  beforeAll(async () => {
    system = await startSystem({ connectors: 1, routers: 1, projectors: 1 })
    embedded = await startEmbedded()
  }, 240_000)
  afterAll(async () => {
    await embedded?.close()
    await system?.stop()
  })

  test('on Kafka', async () => {
    const url = system.connectors[0]?.url ?? ''
    await recoversAll({ url, databaseUrl: system.world.databaseUrl, env: system.env, flags: [] })
  }, 120_000)

  test('embedded, beside the running server', async () => {
    const { folder, env, url } = embedded
    const databaseUrl = await findLocalPostgres(`${folder}/postgres`)
    await recoversAll({ url, databaseUrl: databaseUrl ?? '', env, flags: ['--embedded'] })
  }, 120_000)
})
