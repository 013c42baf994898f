import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Fault } from '@chat/runtime'
import { type FileKind, fileKinds } from './rows.ts'

const dialects = ['json-toid', 'json-to', 'envelope', 'unit', 'action'] as const
export type Dialect = (typeof dialects)[number]

export interface ImportRequest {
  readonly dialect: Dialect
  /** Absolute paths. */
  readonly files: Readonly<Partial<Record<FileKind, string>>>
  readonly report: string
}

export const importUsage = `npm run import -- --dialect ${dialects.join('|')} --users users.csv [--friendships friendships.csv]
  [--groups groups.csv] [--members members.csv] [--messages messages.csv] [--report import-report.csv]
Each file begins with a line of its columns, in any order; UTF-8.
  users        id,name,password
  friendships  userid,friendid
  groups       id,name,description
  members      groupid,userid,role            role creator: its owner; else a member
  messages     userid,from,groupid,text,time  missed messages: userid is to get it; groupid empty: direct
What was not taken is in the report, with file, line and why. It may be run again: nothing is taken twice.`

const wrong = (what: string) => new Fault('usage', `${what}\n${importUsage}`, { isRetryable: false })

/** `help`: he asks how it is called. Paths are those of `folder`. Throws Fault `usage`. */
export const parseImportArgs = (args: readonly string[], folder: string): ImportRequest | 'help' => {
  const values = valuesOf(args)
  if (values.help === true) return 'help'
  const dialect = dialects.find((one) => one === values.dialect)
  if (dialect === undefined) throw wrong(`--dialect is one of ${dialects.join(', ')}`)
  const given = fileKinds.flatMap((kind) => {
    const path = values[kind]
    return typeof path === 'string' && path !== '' ? [[kind, resolve(folder, path)] as const] : []
  })
  if (given.length === 0) throw wrong('there is no file to import')
  const report = resolve(folder, typeof values.report === 'string' ? values.report : 'import-report.csv')
  return { dialect, files: Object.fromEntries(given), report }
}

const valuesOf = (args: readonly string[]): Readonly<Record<string, string | boolean | undefined>> => {
  const path = { type: 'string' } as const
  const files = Object.fromEntries(fileKinds.map((kind) => [kind, path]))
  const options = { dialect: path, report: path, help: { type: 'boolean' }, ...files } as const
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error))
  }
}
