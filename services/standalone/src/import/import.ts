import { basename } from 'node:path'
import { every } from '@chat/runtime'
import { openCommandsOnLog } from '../commands-on-log.ts'
import type { ImportRequest } from './arguments.ts'
import { friendshipsStep } from './friendships.ts'
import { groupsStep, readFounders } from './groups.ts'
import { type ImportPorts, openHouse } from './house.ts'
import { membersStep } from './members.ts'
import { messagesStep } from './messages.ts'
import { countLines, openReport, type Report } from './report.ts'
import { type FileKind, readRows } from './rows.ts'
import { runStep, type Step } from './step.ts'
import { usersStep } from './users.ts'

export type { Dialect } from './arguments.ts'

export interface Imported {
  /** Every row was taken, or was there already. */
  readonly isDone: boolean
  /** For the person who asked. */
  readonly lines: readonly string[]
}

/** What waits behind hundreds of others, on a machine that does more than this, is given longer than one command alone, ms. */
const decisionTimeoutMs = 120_000
/** Between two lines of progress, ms. */
const progressMs = 1_000

/**
 * Takes the files, one after the other: whatever a row needs is there by then. Interrupted at any moment, it may be run again: what is
 * there is told from what is not by accounts, aliases, friendships and members themselves, messages by the ledger. Rejects with the Fault
 * that ended it, or the signal's reason. `by`: who asked, for the log.
 */
export const importFiles = async (
  { dialect, files, report: path }: ImportRequest,
  ports: ImportPorts,
  { by, tell, signal }: { readonly by: string; readonly tell: (line: string) => void; readonly signal: AbortSignal },
): Promise<Imported> => {
  await using stack = new AsyncDisposableStack()
  const names = Object.fromEntries(Object.entries(files).map(([kind, file]) => [kind, basename(file)]))
  const report = stack.adopt(await openReport(path, names), (opened) => opened.close())
  const commands = stack.adopt(await openCommandsOnLog(ports, decisionTimeoutMs), (opened) => opened.stop())
  signal.addEventListener('abort', () => void commands.stop(), { once: true })
  const house = await openHouse(ports, commands, { dialect, by })
  await house.seenAll()
  stack.defer(createProgress(report, ports, tell))
  const run = async <K extends FileKind, R extends object>(step: Step<K, R>): Promise<void> => {
    const file = files[step.kind]
    if (file === undefined) return
    await runStep(step, readRows(step.kind, file), (line, verdict) => {
      signal.throwIfAborted()
      return report.note(step.kind, line, verdict)
    })
    await house.seen()
  }
  await run(usersStep(house))
  await run(friendshipsStep(house))
  const founders = files.members === undefined ? new Map() : await readFounders(readRows('members', files.members))
  const made = new Set<number>()
  await run(groupsStep(house, founders, made))
  await run(membersStep(house, founders, made))
  await run(messagesStep(house))
  const counts = report.counts()
  const isDone = [...counts.values()].every(({ refused }) => refused === 0)
  return { isDone, lines: [...countLines(counts), ...(isDone ? [] : [`what was not taken, and why: ${path}`])] }
}

const createProgress = (report: Report, { clock }: ImportPorts, tell: (line: string) => void): (() => void) => {
  let [before, at] = [0, clock.monotonic()]
  return every(clock, progressMs, () => {
    const counts = [...report.counts()]
    const rows = counts.reduce((sum, [, { taken, there, refused }]) => sum + taken + there + refused, 0)
    const perSecond = Math.round(((rows - before) * 1000) / Math.max(1, clock.monotonic() - at))
    before = rows
    at = clock.monotonic()
    tell(`${rows} rows, ${perSecond}/s`)
  })
}
