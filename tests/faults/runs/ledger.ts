import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { currentCommit } from '@chat/testkit'
import type { Verdict } from '../arena/arena.ts'
import type { Recovery } from '../arena/strike.ts'

/** What was done on one system, and what came of it. */
export interface LedgerRun {
  /** By a seed, or by name. */
  readonly of: { readonly seed: number; readonly minutes: number } | { readonly scenarios: readonly string[] }
  readonly brokers: number
  readonly faults: number
  readonly recoveries: readonly Recovery[]
  /** undefined: it failed before, or the log was damaged on purpose. */
  readonly verdict: Verdict | undefined
  /** What did not hold; the ledger takes its first line. undefined: it is green. */
  readonly failure: string | undefined
}

/** Keeps a line of every run, red ones as well, for those who come later. */
export interface Ledger {
  add(run: LedgerRun): void
}

/** The ledger of this repository; its lines name the code as it is now. */
export const openLedger = (): Ledger => {
  const commit = currentCommit(ledgerPath)
  return {
    add: (run) => appendFileSync(ledgerPath, ledgerLine({ at: new Date().toISOString(), commit, run })),
  }
}

const ledgerPath = join(import.meta.dirname, '..', 'ledger.jsonl')

export const ledgerLine = (entry: {
  readonly at: string
  readonly commit: string
  readonly run: LedgerRun
}): string => {
  const { at, commit, run } = entry
  const { of, brokers, faults, recoveries, verdict, failure } = run
  const broken = new Set(verdict?.violations.map(({ invariant }) => invariant))
  const times = recoveries.map(({ ms }) => ms)
  return `${JSON.stringify({
    at,
    commit,
    ...of,
    brokers,
    faults,
    accepted: verdict?.accepted ?? null,
    perSecond: verdict?.perSecond ?? null,
    invariants: Object.fromEntries([...(verdict?.fed ?? [])].map((name) => [name, broken.has(name) ? 'broken' : 'ok'])),
    recoveryMs: { p50: quantile(times, 0.5) ?? null, p99: quantile(times, 0.99) ?? null },
    overBudget: recoveries.filter(({ ms, budgetMs }) => ms > budgetMs).length,
    failure: failure?.split('\n')[0] ?? null,
  })}\n`
}

/** 0.5: the median. Undefined of nothing. */
const quantile = (values: readonly number[], part: number): number | undefined => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
}
