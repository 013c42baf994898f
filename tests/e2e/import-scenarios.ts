import { waitUntil } from '@chat/testkit'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectDialect } from './dialect-client.ts'
import { startImport } from './import-command.ts'
import { type OldServer, wanted, writeOldServer } from './old-server-files.ts'
import { dumpDatabase } from './read-models.ts'

export interface ImportedWorld {
  readonly env: Readonly<Record<string, string>>
  /** That of `json-to`. */
  readonly port: number
  readonly databaseUrl: () => Promise<string>
  /** Kills what a run works with, where that is another process than its own, and starts it again. */
  readonly restart?: () => Promise<void>
}

/** So many of its rows are written when a run is killed in the middle of a file. */
const usersBefore = 40
const messagesBefore = 200

/** An old server moves in, killed on its way, and its people come with their old numbers. */
export const importScenarios = (world: () => ImportedWorld): void => {
  let old: OldServer
  beforeAll(() => {
    old = writeOldServer()
  })
  afterAll(() => old?.remove())

  const run = () => startImport(world().env, old.args, old.folder)
  const countIn = async (table: string): Promise<number> => {
    const client = new pg.Client({ connectionString: await world().databaseUrl() })
    await client.connect()
    try {
      const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`)
      return rows[0]?.count ?? 0
    } finally {
      await client.end()
    }
  }
  const countsOf = async () => {
    const { users, friendships, conversations, events_read: events } = await dumpDatabase(await world().databaseUrl())
    return {
      users: users.length,
      friendships: friendships.filter(({ state }) => state === 'friends').length,
      groups: conversations.filter(({ kind }) => kind === 'group').length,
      messages: events.filter(({ type }) => type === 'messagePosted').length,
    }
  }
  /** Kills a run once the table has so many rows. */
  const killAt = async (table: string, rows: number) => {
    const { ended, kill } = run()
    const isThere = async () => (await countIn(table)) >= rows
    await waitUntil(isThere, { deadlineMs: 60_000, everyMs: 20, what: `${table} has ${rows} rows` })
    kill()
    expect(await ended).toMatchObject({ code: null })
  }

  test('killed among the users and among the messages, it goes on when it is run again', {
    timeout: 240_000,
  }, async () => {
    await killAt('read.users', usersBefore)
    expect((await countsOf()).users).toBeLessThan(wanted.counts.users)
    await world().restart?.()
    await killAt('auth.imported_messages', messagesBefore)
    expect((await countsOf()).messages).toBeLessThan(wanted.counts.messages)
    const { code, out } = await run().ended
    expect(out).toContain('what was not taken, and why: ')
    expect(code).toBe(1)
    expect(old.refused()).toEqual(wanted.refused)
    expect(await countsOf()).toEqual(wanted.counts)
  })

  test('run once more it takes nothing, and says of each row that it is there or why it is not', {
    timeout: 120_000,
  }, async () => {
    const { code, out } = await run().ended
    expect(code).toBe(1)
    expect(out.split('\n').slice(0, wanted.lines.length)).toEqual(wanted.lines)
    expect(old.refused()).toEqual(wanted.refused)
    expect(await countsOf()).toEqual(wanted.counts)
  })

  test('what was imported logs in with its old number and password, and gets what it missed', {
    timeout: 60_000,
  }, async () => {
    const client = connectDialect(world().port)
    const receiver = 110
    expect(await client.logIn(receiver)).toMatchObject({ errno: 0, id: receiver, name: `old ${receiver}` })
    const missed = [...wanted.missedBy(receiver)].sort()
    const shown = () => [...client.texts()].sort()
    await waitUntil(() => shown().length >= missed.length, { deadlineMs: 30_000, what: 'all that was missed comes' })
    expect(shown()).toEqual(missed)
    expect(client.chats().every(({ id }) => Number(id) >= 1 && Number(id) <= 50)).toBe(true)
    const friend = connectDialect(world().port)
    await friend.logIn(receiver + 1)
    client.send({ msgid: 5, id: receiver, to: receiver + 1, msg: 'we are here', name: '', time: '' })
    expect(await friend.comes({ msg: 'we are here' })).toMatchObject({ msgid: 5, id: receiver })
    client.close()
    friend.close()
  })

  test('how it is called, and files that are not there, are told with an exit code of their own', {
    timeout: 60_000,
  }, async () => {
    const called = (...args: readonly string[]) => startImport(world().env, args, old.folder).ended
    expect(await called('--help')).toMatchObject({ code: 0, out: expect.stringContaining('--dialect') })
    expect(await called('--dialect', 'irc')).toMatchObject({ code: 2, out: expect.stringContaining('json-toid') })
    const nothing = await called('--dialect', 'unit', '--users', 'nothing.csv')
    expect(nothing).toMatchObject({ code: 2, out: expect.stringContaining('nothing.csv') })
  })
}
