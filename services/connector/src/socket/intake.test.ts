import { expect, test } from 'vitest'
import type { Socket } from '../ports.ts'
import { Intake } from './intake.ts'

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
  return { calls, intake: new Intake(socket) }
}

test('stops reading once, and reads on only when everything kept was handed out in order', () => {
  const { calls, intake } = createIntake()
  for (const text of ['a', 'b', 'c']) expect(intake.keep(text)).toBe(true)
  const taken: string[] = []
  intake.readOn(
    () => taken.length === 2,
    (text) => void taken.push(text),
  )
  expect({ taken, calls, isDeaf: intake.isDeaf }).toEqual({ taken: ['a', 'b'], calls: ['pause'], isDeaf: true })
  intake.readOn(
    () => taken.length === 3,
    (text) => void taken.push(text),
  )
  expect({ taken, calls }).toEqual({ taken: ['a', 'b', 'c'], calls: ['pause'] })
  intake.readOn(
    () => false,
    (text) => void taken.push(text),
  )
  expect({ taken, calls, isDeaf: intake.isDeaf }).toEqual({
    taken: ['a', 'b', 'c'],
    calls: ['pause', 'resume'],
    isDeaf: false,
  })
})

test('says when there is no room for more', () => {
  const { intake } = createIntake()
  const text = 'x'.repeat(64 * 1024)
  const kept = Array.from({ length: 17 }, () => intake.keep(text))
  expect(kept.lastIndexOf(true)).toBe(15)
})
