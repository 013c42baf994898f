import { createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createMachine, noSkew } from './machine.ts'
import { createScheduler } from './scheduler.ts'

const never = () => false

test('steps come in order of time, then of asking, and promises settle in between', async () => {
  const scheduler = createScheduler()
  const seen: string[] = []
  const step = (name: string) => () => {
    seen.push(name)
    void Promise.resolve().then(() => seen.push(`${name} settled`))
  }
  scheduler.at(5, 'late', step('late'))
  scheduler.at(1, 'first', step('first'))
  scheduler.at(1, 'second', step('second'))
  const cancel = scheduler.at(2, 'cancelled', step('cancelled'))
  cancel()
  expect(await scheduler.run(never, 10)).toBe(false)
  expect(seen).toEqual(['first', 'first settled', 'second', 'second settled', 'late', 'late settled'])
  expect(scheduler.nowMs()).toBe(10)
})

test('a run ends between two steps, as soon as what it waits for is so', async () => {
  const scheduler = createScheduler()
  let count = 0
  for (let at = 1; at <= 5; at++) scheduler.at(at, 'step', () => void count++)
  expect(await scheduler.run(() => count === 3, 10)).toBe(true)
  expect(scheduler.nowMs()).toBe(3)
})

const createProcess = () => {
  const scheduler = createScheduler()
  const machine = createMachine(scheduler, { name: 'm', random: createSeededRandom(3), skew: noSkew })
  const seen: string[] = []
  const note = (what: string) => () => void seen.push(what)
  return { scheduler, machine, seen, note }
}

test('the timers of a process fire in the order in which they are due, never early and at most a ms late', async () => {
  const { scheduler, machine, seen, note } = createProcess()
  for (const ms of [30, 10, 20, 10.5]) machine.clock.after(ms, note(`${ms} at ${Math.floor(scheduler.nowMs())}`))
  const at: number[] = []
  for (const ms of [10, 20]) machine.clock.after(ms, () => void at.push(scheduler.nowMs() - ms))
  await scheduler.run(never, 100)
  expect(seen.map((what) => what.split(' ')[0])).toEqual(['10', '10.5', '20', '30'])
  for (const lateMs of at) expect(lateMs).toSatisfy((late: number) => late >= 0 && late < 1)
})

test('a dead process hears nothing any more, a frozen one hears it all when it thaws', async () => {
  const { scheduler, machine, seen, note } = createProcess()
  machine.clock.after(10, note('timer'))
  machine.receive(5, 'message', note('message'))
  machine.freeze()
  await scheduler.run(never, 50)
  expect(seen).toEqual([])
  machine.thaw()
  await scheduler.run(never, 60)
  expect(seen.toSorted()).toEqual(['message', 'timer'])
  machine.clock.after(10, note('too late'))
  machine.receive(5, 'too late', note('too late'))
  machine.crash('land')
  await scheduler.run(never, 100)
  expect(seen).toHaveLength(2)
})

test('a skewed clock is off and runs at its own rate', async () => {
  const scheduler = createScheduler()
  const skew = { offsetMs: 3_600_000, rate: 2 }
  const machine = createMachine(scheduler, { name: 'm', random: createSeededRandom(3), skew })
  const startMs = machine.clock.now()
  let firedMs = 0
  machine.clock.after(100, () => {
    firedMs = scheduler.nowMs()
  })
  await scheduler.run(never, 100)
  expect(Math.floor(firedMs)).toBe(50)
  expect(machine.clock.now() - startMs).toBe(200)
})
