import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Site } from '../site/site.ts'

/** What a run leaves: its script and history while it goes on, and when it was red the logs as well. */
export interface Evidence {
  readonly dir: string
  readonly historyPath: string
  /** Replaces the script: what was really done. */
  write(script: object): void
  /** Adds the logs of servers and services; call it before the stack is taken down. */
  keep(site: Site | undefined, reason: string): void
  /** A green run leaves nothing. */
  discard(): void
}

const faultsDir = join(import.meta.dirname, '..', '..', '..', '.chat', 'faults')

/** `script` is what `replay` repeats; `label` names the run, as its seed does. */
export const openEvidence = (label: string, script: object): Evidence => {
  const time = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const dir = join(faultsDir, `${time}-${label}`)
  mkdirSync(dir, { recursive: true })
  const write = (content: object) => writeFileSync(join(dir, 'script.json'), `${JSON.stringify(content, null, 2)}\n`)
  write(script)
  return {
    write,
    dir,
    historyPath: join(dir, 'history.jsonl'),
    keep: (site, reason) => {
      writeFileSync(join(dir, 'reason.txt'), `${reason}\n`)
      if (site === undefined) return
      mkdirSync(join(dir, 'logs'), { recursive: true })
      for (const seat of site.seats) writeFileSync(join(dir, 'logs', `${seat.name}.log`), seat.logs())
      const servers = join(site.stackDir, 'log')
      if (existsSync(servers)) cpSync(servers, join(dir, 'logs', 'servers'), { recursive: true })
    },
    discard: () => rmSync(dir, { recursive: true, force: true }),
  }
}

export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by ${reasonOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
