import { silentLogger } from '@chat/runtime'
import { createSeededRandom, createTestWorld, type TestWorld } from '@chat/testkit'
import { credentialsContract } from '@chat/testkit/contracts/credentials'
import { importLedgerContract } from '@chat/testkit/contracts/import-ledger'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyAuthMigrations, openPostgresCredentials, openPostgresImportLedger } from './index.ts'

let world: TestWorld
let pool: Pool

beforeAll(async () => {
  world = await createTestWorld()
  pool = new Pool({ connectionString: world.databaseUrl, max: 4 })
  await Promise.all([applyAuthMigrations(pool), applyAuthMigrations(pool)])
})
afterAll(async () => {
  await pool.end()
  await world.close()
})

let seed = 0
const open = (url: string) =>
  openPostgresCredentials({ url, random: createSeededRandom(++seed), logger: silentLogger, poolMax: 4 })

credentialsContract('postgres', async () => open(world.databaseUrl))
importLedgerContract('postgres', async () =>
  openPostgresImportLedger({ url: world.databaseUrl, logger: silentLogger, poolMax: 2 }),
)

test('migrating again, even twice at once, changes nothing', async () => {
  await Promise.all([applyAuthMigrations(pool), applyAuthMigrations(pool)])
  const { rows } = await pool.query('SELECT name FROM auth.migrations')
  expect(rows.map(({ name }) => name).sort()).toEqual([
    '001-credentials-and-sessions.sql',
    '002-session-use.sql',
    '003-recovery.sql',
    '004-exports.sql',
    '005-dialects.sql',
    '006-imports.sql',
  ])
})

test('keeps no refresh token in clear', async () => {
  const credentials = open(world.databaseUrl)
  const session = { id: 'secret', userId: 1, device: 'd', createdAt: 0, expiresAt: 1_000_000 }
  const { refreshToken } = await credentials.beginSession(session)
  const next = await credentials.refresh(refreshToken, 1, 60_000)
  const { rows } = await pool.query(`SELECT * FROM auth.sessions WHERE id = 'secret'`)
  const kept = JSON.stringify(rows, (_, value) =>
    value?.type === 'Buffer' ? Buffer.from(value.data).toString('hex') : value,
  )
  for (const token of [refreshToken, next.outcome === 'refreshed' ? next.refreshToken : 'none']) {
    expect(token).toHaveLength(64)
    const secret = Buffer.from(token, 'base64url').subarray(16)
    expect(kept).not.toContain(secret.toString('hex'))
    expect(kept).not.toContain(secret.toString('base64url'))
  }
  await credentials.close()
})

test('an end that becomes visible after a later poll is not missed', async () => {
  const credentials = open(world.databaseUrl)
  await credentials.beginSession({ id: 'slow', userId: 1, device: 'd', createdAt: 0, expiresAt: 1_000_000 })
  const client = await pool.connect()
  await client.query('BEGIN')
  // As endSession writes it, but not committed yet when the next poll is answered.
  await client.query(
    `UPDATE auth.sessions SET ended_at = 1, ended_recorded_at = floor(extract(epoch FROM clock_timestamp()) * 1000)
     WHERE id = 'slow'`,
  )
  await client.query('SELECT pg_sleep(0.02)')
  const { sessions, until } = await credentials.endedSince(0)
  expect(sessions).not.toContain('slow')
  await client.query('COMMIT')
  client.release()
  expect((await credentials.endedSince(until)).sessions).toContain('slow')
  await credentials.close()
})

test('a database that is away is the fault credentials_unavailable', async () => {
  const away = new URL(world.databaseUrl)
  away.port = '1'
  const credentials = open(away.href)
  await expect(credentials.passwordHash('x')).rejects.toMatchObject({
    code: 'credentials_unavailable',
    isRetryable: true,
  })
  await credentials.close()
  await credentials.close()
})

test('a database without the schema is the same fault, and says what to run', async () => {
  const empty = await createTestWorld()
  const credentials = open(empty.databaseUrl)
  await expect(credentials.passwordHash('x')).rejects.toMatchObject({
    code: 'credentials_unavailable',
    message: expect.stringContaining('npm run init'),
  })
  await credentials.close()
  await empty.close()
})
