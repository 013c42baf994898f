import { resolve } from 'node:path'
import { flag, parseOptions, usageFault } from '@chat/runtime'
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

const path = { type: 'string' } as const
const options = {
  ...({ dialect: path, report: path, help: flag } as const),
  ...{ users: path, friendships: path, groups: path, members: path, messages: path },
}

/** `help`: he asks how it is called. Paths are those of `folder`. Throws Fault `usage`. */
export const parseImportArgs = (args: readonly string[], folder: string): ImportRequest | 'help' => {
  const values = parseOptions(args, options, importUsage)
  if (values.help) return 'help'
  const dialect = dialects.find((one) => one === values.dialect)
  if (dialect === undefined) throw usageFault(`--dialect is one of ${dialects.join(', ')}`, importUsage)
  const given = fileKinds.flatMap((kind) => {
    const { [kind]: file = '' } = values
    return file === '' ? [] : [[kind, resolve(folder, file)] as const]
  })
  if (given.length === 0) throw usageFault('there is no file to import', importUsage)
  const report = resolve(folder, values.report ?? 'import-report.csv')
  return { dialect, files: Object.fromEntries(given), report }
}
