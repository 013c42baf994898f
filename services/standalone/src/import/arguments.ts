import { resolve } from 'node:path'
import { parseOptions, usageFault } from '@chat/runtime'
import { type FileKind, fileKinds } from './rows.ts'

const dialects = ['json-toid', 'json-to', 'envelope', 'unit', 'action'] as const
export type Dialect = (typeof dialects)[number]

export interface ImportRequest {
  readonly dialect: Dialect
  /** Absolute paths. */
  readonly files: Readonly<Partial<Record<FileKind, string>>>
  readonly report: string
}

const usage = `npm run import -- --dialect ${dialects.join('|')} --users users.csv [--friendships friendships.csv]
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
  ...({ dialect: path, report: path } as const),
  ...{ users: path, friendships: path, groups: path, members: path, messages: path },
}

/** Paths are those of `folder`. Throws Faults `usage` and `help`. */
export const parseImportArgs = (args: readonly string[], folder: string): ImportRequest => {
  const values = parseOptions(args, options, usage)
  const dialect = dialects.find((one) => one === values.dialect)
  if (dialect === undefined) throw usageFault(`--dialect is one of ${dialects.join(', ')}`, usage)
  const given = fileKinds.flatMap((kind) => {
    const { [kind]: file = '' } = values
    return file === '' ? [] : [[kind, resolve(folder, file)] as const]
  })
  if (given.length === 0) throw usageFault('there is no file to import', usage)
  const report = resolve(folder, values.report ?? 'import-report.csv')
  return { dialect, files: Object.fromEntries(given), report }
}
