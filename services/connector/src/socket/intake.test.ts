import { expect, test } from 'vitest'
import type { Socket } from '../ports.ts'
import { Intake } from './intake.ts'
import { Turns, turnMaxMs } from './turns.ts'

/** Intakes of connections that share the turns of one event loop, in which each frame takes `frameMs`. */
const createLoop = (frameMs = 0) => {
  const state = { nowMs: 0 }
  let due: (() => void)[] = []
  const after = (_ms: number, run: () => void) => {
    due.push(run)
    return () => {}
  }
  const turns = new Turns({ now: () => 0, monotonic: () => state.nowMs, after })
  const taken: string[] = []
  const createIntake = () => {
    const calls: string[] = []
    const socket: Socket = {
      remoteAddress: '',
      send: () => {},
      ping: () => {},
      close: () => {},
      pause: () => void calls.push('pause'),
      resume: () => void calls.push('resume'),
      bufferedBytes: () => 0,
    }
    const taker = {
      isBusyNow: false,
      isBusy: () => taker.isBusyNow,
      take: (text: string) => {
        taken.push(text)
        state.nowMs += frameMs
      },
    }
    return { calls, taker, intake: new Intake(socket, taker, turns) }
  }
  /** Begins with the timers that are due. */
  const nextTurn = () => {
    const runs = due
    due = []
    for (const run of runs) run()
  }
  return { createIntake, nextTurn, taken, turns, state }
}

test('of a busy one reads no further, and reads on only when everything kept was handed out in order', () => {
  const { createIntake, taken } = createLoop()
  const { calls, intake, taker } = createIntake()
  taker.isBusyNow = true
  for (const text of ['a', 'b', 'c']) expect(intake.receive(text)).toBe(true)
  intake.readOn()
  expect({ taken, calls, isDeaf: intake.isDeaf }).toEqual({ taken: [], calls: ['pause'], isDeaf: true })
  const { take } = taker
  taker.isBusyNow = false
  taker.take = (text) => {
    take(text)
    taker.isBusyNow = text === 'b'
  }
  intake.readOn()
  expect({ taken, calls, isDeaf: intake.isDeaf }).toEqual({ taken: ['a', 'b'], calls: ['pause'], isDeaf: true })
  taker.isBusyNow = false
  intake.readOn()
  expect({ taken, calls, isDeaf: intake.isDeaf }).toEqual({
    taken: ['a', 'b', 'c'],
    calls: ['pause', 'resume'],
    isDeaf: false,
  })
})

test('says when there is no room for more', () => {
  const { intake, taker } = createLoop().createIntake()
  taker.isBusyNow = true
  const text = 'x'.repeat(64 * 1024)
  const kept = Array.from({ length: 17 }, () => intake.receive(text))
  expect(kept.lastIndexOf(true)).toBe(15)
})

test('what comes when the time of a turn is over waits for the next, first come first, and is not read meanwhile', () => {
  const { createIntake, nextTurn, taken, turns } = createLoop(turnMaxMs / 2)
  const [one, two, three] = [createIntake(), createIntake(), createIntake()]
  for (const text of ['1a', '1b', '1c', '1d']) one.intake.receive(text)
  for (const text of ['2a', '2b']) two.intake.receive(text)
  three.intake.receive('3a')
  expect({ taken, calls: [one.calls, two.calls, three.calls] }).toEqual({
    taken: ['1a', '1b'],
    calls: [['pause'], ['pause'], ['pause']],
  })
  nextTurn()
  expect({ taken: taken.slice(2), calls: one.calls }).toEqual({ taken: ['1c', '1d'], calls: ['pause', 'resume'] })
  one.intake.receive('1e')
  nextTurn()
  expect({ taken: taken.slice(4), calls: two.calls }).toEqual({ taken: ['2a', '2b'], calls: ['pause', 'resume'] })
  nextTurn()
  expect({ taken: taken.slice(6), calls: three.calls }).toEqual({ taken: ['3a', '1e'], calls: ['pause', 'resume'] })
  nextTurn()
  expect({ calls: one.calls, waitedMs: turns.waitedMs() }).toEqual({
    calls: ['pause', 'resume', 'pause', 'resume'],
    waitedMs: 0,
  })
})

test('one that was busy when the time was over is taken when both are past', () => {
  const { createIntake, nextTurn, taken } = createLoop(turnMaxMs)
  const [one, two] = [createIntake(), createIntake()]
  two.taker.isBusyNow = true
  two.intake.receive('2a')
  one.intake.receive('1a')
  two.taker.isBusyNow = false
  two.intake.readOn()
  expect(taken).toEqual(['1a'])
  nextTurn()
  expect({ taken, calls: two.calls }).toEqual({ taken: ['1a', '2a'], calls: ['pause', 'resume'] })
})

test('tells how long the first one waits, and nothing of those that went', () => {
  const { createIntake, nextTurn, taken, turns, state } = createLoop(turnMaxMs)
  const [one, two, three] = [createIntake(), createIntake(), createIntake()]
  one.intake.receive('1a')
  two.intake.receive('2a')
  state.nowMs += 100
  three.intake.receive('3a')
  expect(turns.waitedMs()).toBe(100)
  two.intake.clear()
  expect(turns.waitedMs()).toBe(0)
  nextTurn()
  expect(taken).toEqual(['1a', '3a'])
})
