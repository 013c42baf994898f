import { expect, test } from 'vitest'
import { type ProcessStat, parseStat, usageBetween, usageOf, usageOfTrees } from './usage.ts'

const stat = (pid: number, parent: number, more: Partial<ProcessStat> = {}): ProcessStat => ({
  ...{ pid, parent, ticks: 100, endedTicks: 0, residentPages: 256, sharedPages: 0 },
  ...more,
})

test('reads a process whose name holds spaces and brackets', () => {
  const text = '57 (post (gres) :x) S 12 57 57 0 -1 4194560 100 200 0 0 250 50 7 3 20 0 1 0 1000 9999 512 rest'
  expect(parseStat(text, '3000 512 128 1 0 90 0')).toEqual({
    ...{ pid: 57, parent: 12, ticks: 300, endedTicks: 10, residentPages: 512, sharedPages: 128 },
  })
})

test('a tree counts everybody in it, what ended in it, and what is shared once', () => {
  const processes = [
    stat(1, 0, { ticks: 1_000_000 }),
    stat(10, 1),
    stat(11, 10, { endedTicks: 50, residentPages: 1024, sharedPages: 512 }),
    stat(12, 11, { residentPages: 768, sharedPages: 512 }),
  ]
  expect(usageOfTrees([10], processes)).toEqual({ cpuSeconds: 3.5, rssMiB: 6 })
  expect(usageOfTrees([], processes)).toEqual({ cpuSeconds: 0, rssMiB: 0 })
  expect(usageOf(11, processes)).toEqual({ cpuSeconds: 1, rssMiB: 4 })
  expect(() => usageOf(99, processes)).toThrow('process 99 has ended')
})

test('cores are CPU seconds a second', () => {
  const at = (cpuSeconds: number) => new Map([['postgres', { cpuSeconds, rssMiB: 40 }]])
  expect(usageBetween(at(10), at(15), 20)).toEqual({ postgres: { cores: 0.25, rssMiB: 40 } })
})
