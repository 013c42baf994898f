import { DatabaseSync } from 'node:sqlite'

/** What is counted of a message. */
export interface Message {
  /** ms since the epoch. */
  readonly at: number
  readonly user: number
}

interface Hour {
  /** Its beginning, ISO 8601. */
  readonly hour: string
  readonly messages: number
  /** Different people who wrote. */
  readonly users: number
}

/** Counts and places of one log, in one file: they change together or not at all. */
export interface Tally {
  /** The offset that comes next. */
  next(partition: number): number
  /**
   * Counts `messages`, all there is from offset `from` to `to` (exclusive), and moves on to `to`, in one transaction. false: somebody else
   * moved on from `from`; nothing happened.
   */
  add(partition: number, from: number, to: number, messages: readonly Message[]): boolean
  places(): ReadonlyMap<number, number>
  hours(): readonly Hour[]
  close(): void
}

const hourMs = 3_600_000

const tables = `
  CREATE TABLE IF NOT EXISTS log (topic TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS places (partition INTEGER PRIMARY KEY, next INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS messages_by_hour (hour INTEGER PRIMARY KEY, messages INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS users_by_hour (hour INTEGER, user INTEGER, PRIMARY KEY (hour, user)) WITHOUT ROWID;
`

/** Throws when the file counts another topic. */
export const openTally = (file: string, topic: string): Tally => {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  database.exec(tables)
  database.prepare('INSERT INTO log SELECT ? WHERE NOT EXISTS (SELECT 1 FROM log)').run(topic)
  const known = database.prepare('SELECT topic FROM log').get()?.topic
  if (known !== topic) throw new Error(`${file} counts ${known}, not ${topic}`)

  const nextOf = database.prepare('SELECT next FROM places WHERE partition = ?')
  const begin = database.prepare('INSERT OR IGNORE INTO places VALUES (?, 0)')
  const move = database.prepare('UPDATE places SET next = ? WHERE partition = ? AND next = ?')
  const countMessage = database.prepare(
    'INSERT INTO messages_by_hour VALUES (?, 1) ON CONFLICT DO UPDATE SET messages = messages + 1',
  )
  const countUser = database.prepare('INSERT OR IGNORE INTO users_by_hour VALUES (?, ?)')

  const add = (partition: number, from: number, to: number, messages: readonly Message[]): boolean => {
    begin.run(partition)
    if (Number(move.run(to, partition, from).changes) !== 1) return false
    for (const { at, user } of messages) {
      const hour = Math.floor(at / hourMs)
      countMessage.run(hour)
      countUser.run(hour, user)
    }
    return true
  }

  return {
    next: (partition) => Number(nextOf.get(partition)?.next ?? 0),
    add: (partition, from, to, messages) => {
      database.exec('BEGIN IMMEDIATE')
      try {
        const isAdded = add(partition, from, to, messages)
        database.exec(isAdded ? 'COMMIT' : 'ROLLBACK')
        return isAdded
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    },
    places: () => {
      const rows = database.prepare('SELECT partition, next FROM places').all()
      return new Map(rows.map(({ partition, next }) => [Number(partition), Number(next)]))
    },
    hours: () => {
      const rows = database
        .prepare(
          `SELECT hour, messages, (SELECT count(*) FROM users_by_hour u WHERE u.hour = m.hour) AS users
           FROM messages_by_hour m ORDER BY hour`,
        )
        .all()
      return rows.map(({ hour, messages, users }) => ({
        hour: new Date(Number(hour) * hourMs).toISOString(),
        messages: Number(messages),
        users: Number(users),
      }))
    },
    close: () => database.close(),
  }
}
