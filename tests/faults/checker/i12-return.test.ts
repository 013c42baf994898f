import { expect, test } from 'vitest'
import type { HistoryEvent, Measured } from '../history.ts'
import { check, fedInvariants } from './index.ts'

const started: HistoryEvent = { what: 'started', at: 0, label: 'x', wallMs: 1, clockErrorMs: 1 }
const measured = (process: string, phase: Measured['phase'], sizes: Partial<Measured> = {}): HistoryEvent => ({
  what: 'measured',
  at: 1,
  process,
  phase,
  rssBytes: 100,
  heldBytes: 50,
  handles: 40,
  timers: 20,
  ...sizes,
})
const history = (...lines: readonly HistoryEvent[]) => [started, ...lines]

test('a process that was replaced in between says nothing of a return, one that lived on does', () => {
  const replaced = history(measured('router 1', 'start'), measured('router 2', 'end'))
  expect([...fedInvariants(replaced)]).toEqual([])
  expect([...fedInvariants([...replaced, measured('router 1', 'end')])]).toEqual(['I12'])
})

test('what is held may grow by a tenth, what is resident by half', async () => {
  const grown = (sizes: Partial<Measured>) =>
    check(history(measured('router 1', 'start'), measured('router 1', 'end', sizes)))
  expect(await grown({ heldBytes: 55, rssBytes: 150 })).toEqual([])
  expect(await grown({ heldBytes: 56 })).toMatchObject([
    { detail: 'router 1: 56 bytes held at the end, 50 at the start' },
  ])
  expect(await grown({ rssBytes: 151 })).toHaveLength(1)
})

test('less is a return, and so are two more; a third one is not', async () => {
  const less = { rssBytes: 50, heldBytes: 20, handles: 30, timers: 10 }
  expect(await check(history(measured('router 1', 'start'), measured('router 1', 'end', less)))).toEqual([])
  const withTimers = (timers: number) =>
    check(history(measured('router 1', 'start'), measured('router 1', 'end', { timers })))
  expect(await withTimers(22)).toEqual([])
  expect(await withTimers(23)).toMatchObject([{ detail: 'router 1: 23 timers at the end, 20 at the start' }])
})
