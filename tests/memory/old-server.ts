import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryImportLedger, createPlainHasher } from '@chat/credentials/memory'
import { createEncoder, decodeEvent, type LogEvent, localSchemaIds } from '@chat/schemas'
import { type Dialect, importFiles } from '@chat/standalone/import'
import type { World } from './world.ts'

/** The files of an older server; each is lines without the first, which names the columns. */
export type OldFiles = Readonly<Partial<Record<keyof typeof headers, readonly string[]>>>

const headers = {
  users: 'id,name,password',
  friendships: 'userid,friendid',
  groups: 'id,name,description',
  members: 'groupid,userid,role',
  messages: 'userid,from,groupid,text,time',
}

/** Virtual time passes at will while a file is read; the limit is that of the test. */
const filesTakeRealTime = Number.POSITIVE_INFINITY

interface Run {
  readonly isDone: boolean
  readonly lines: readonly string[]
  /** Lines of the report behind its first. */
  readonly refused: readonly string[]
}

/** Where an import is killed: at one of its appends, which lands or does not. */
export interface End {
  readonly append: number
  readonly copies: 0 | 1
}

/** Imports into a world, as the command does it. */
export const createImporter = (world: World) => {
  const ledger = createMemoryImportLedger()
  let runs = 0
  const run = async (files: OldFiles, dialect: Dialect, end?: End): Promise<Run> => {
    const folder = await mkdtemp(join(tmpdir(), 'chat-import-'))
    const stopping = new AbortController()
    const name = `import ${++runs}`
    let appends = 0
    world.ground.breakAppends((_batch, client) => {
      if (client !== name || ++appends !== end?.append) return undefined
      stopping.abort(new Error('killed'))
      return { copies: end.copies, answer: 'lost' }
    })
    try {
      const given: Record<string, string> = {}
      for (const [kind, lines] of Object.entries(files)) {
        given[kind] = join(folder, `${kind}.csv`)
        await writeFile(given[kind], [headers[kind as keyof typeof headers], ...lines, ''].join('\n'))
      }
      const report = join(folder, 'report.csv')
      const ports = {
        ...{ ...world, log: world.store.client(name), encoder: createEncoder(localSchemaIds), ledger },
        hasher: createPlainHasher(),
      }
      const waiting = { by: 'root@here', tell: () => {}, signal: stopping.signal }
      const imported = await importFiles({ dialect, files: given, report }, ports, waiting)
      return { ...imported, refused: (await readFile(report, 'utf8')).trimEnd().split('\n').slice(1) }
    } finally {
      await rm(folder, { recursive: true })
    }
  }
  return {
    import: (files: OldFiles, dialect: Dialect = 'json-to') => world.run(run(files, dialect), filesTakeRealTime),
    /** Resolves once it has ended, whether before its end or not. */
    interrupt: (files: OldFiles, end: End) =>
      world.run(
        run(files, 'json-to', end).catch(() => {}),
        filesTakeRealTime,
      ),
  }
}

/** Everything on the log. */
export const eventsOf = async (world: World): Promise<readonly LogEvent[]> => {
  const log = world.store.client('reader')
  const found: LogEvent[] = []
  for (const [partition, end] of await log.ends(world.topics.events))
    for await (const records of log.read(world.topics.events, partition, 0, end, new AbortController().signal))
      for (const {
        headers: { schema = '' },
        value,
      } of records) {
        const decoded = decodeEvent(schema, value)
        if ('record' in decoded) found.push(decoded.record)
      }
  return found
}
