import { execFileSync } from 'node:child_process'
import { dirname } from 'node:path'

/** The commit of the code that runs, short; with a `+` when what is here differs from it. The files in `recordsPath` do not count. */
export const currentCommit = (recordsPath: string): string => {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: dirname(recordsPath), encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':/', `:(exclude)${recordsPath}`)
  return `${git('rev-parse', '--short', 'HEAD')}${changed === '' ? '' : '+'}`
}
