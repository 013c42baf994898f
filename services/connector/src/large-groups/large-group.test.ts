import { memberJoined, memberLeft, messagePosted } from '@chat/testkit'
import { expect, test } from 'vitest'
import { LargeGroup, type Told } from './large-group.ts'

const isHere = () => true
const toldOf = (event: Told['event'], seq: number, users: readonly number[] = [], toMembers = true): Told => ({
  ...{ event, users, toMembers, isLarge: true },
  pushed: { place: { conversation: 'g1', seq }, partition: 0, pos: seq, frame: Buffer.from(String(seq)) },
})
const message = (seq: number) => toldOf(messagePosted(9, 'g1', seq), seq)
const join = (seq: number, user: number) => toldOf(memberJoined(user, 'g1', seq), seq, [user])
const leave = (seq: number, user: number) => toldOf(memberLeft(user, 'g1', seq), seq, [user])

/** A group whose members 1 and 2 are here since seq 1, known up to 5. */
const known = () => {
  const group = new LargeGroup('g1')
  for (const user of [1, 2]) group.settle(user, 1, 5, 0)
  const take = (told: Told) => {
    const { seq = 0 } = told.pushed.place ?? {}
    group.keep(seq, seq, told)
    return group.take(seq, seq, told, isHere)
  }
  return { group, take }
}

test('what goes to all members goes to those whose stay covers it', () => {
  const { take } = known()
  expect(take(message(6))).toEqual([1, 2])
  expect(take(join(7, 3))).toEqual([1, 2, 3])
  expect(take(message(8))).toEqual([1, 2, 3])
  expect(take(leave(9, 2))).toEqual([1, 2, 3])
  expect(take(message(10))).toEqual([1, 3])
})

test('an earlier event that comes late goes to those who were members then and still are', () => {
  const { take } = known()
  take(message(6))
  take(join(7, 3))
  take(leave(8, 1))
  expect(take(message(5))).toEqual([2])
  expect(take(leave(4, 2))).toEqual([2])
  expect(take(message(9))).toEqual([2, 3])
})

test('behind a hole nobody is told, for a leave may be in it', () => {
  const { group, take } = known()
  expect(take(message(7))).toBe('hole')
  expect(group.lose(7)).toEqual([1, 2])
  expect(take(message(8))).toEqual([])
})

test('what goes by name changes members too, and goes to nobody else', () => {
  const { take } = known()
  expect(take(toldOf(memberJoined(3, 'g1', 6), 6, [1, 2, 3], false))).toEqual([])
  expect(take(toldOf(memberLeft(2, 'g1', 7), 7, [1, 2, 3], false))).toEqual([])
  expect(take(message(8))).toEqual([1, 3])
})

test('when the last member went nothing is known', () => {
  const { group, take } = known()
  group.leave(1)
  take(leave(6, 2))
  expect(group.isEmpty).toBe(true)
  expect(take(message(9))).toEqual([])
})

const frames = (due: ReturnType<LargeGroup['settle']>) =>
  due === 'again' ? due : due.map(({ frame }) => frame.toString())

test('who is taken up gets what came since he came, as far as his stay covers it', () => {
  const group = new LargeGroup('g1')
  const events = [message(4), message(5), leave(6, 8), message(7), join(8, 3), message(9), leave(10, 2), message(11)]
  for (const [count, told] of events.entries()) group.keep(told.pushed.place?.seq ?? 0, count, told)
  expect(frames(group.settle(1, 5, 6, 1))).toEqual(['5', '6', '7', '8', '9', '10', '11'])
  expect(frames(group.settle(2, 1, 6, 1))).toEqual(['5', '6', '7', '8', '9'])
  expect(frames(group.settle(3, 8, 8, 1))).toEqual(['9', '10', '11'])
  expect(group.take(12, 12, message(12), isHere)).toEqual([1, 3])
})

test('when not everything is here that happened since his groups were read, they are read again', () => {
  const holed = new LargeGroup('g1')
  for (const told of [message(6), message(8)]) holed.keep(told.pushed.place?.seq ?? 0, 1, told)
  expect(holed.settle(1, 1, 5, 0)).toBe('again')
  expect(frames(holed.settle(1, 1, 7, 0))).toEqual(['6', '8'])
  const { group } = known()
  group.take(6, 6, message(6), isHere) // Before anybody's groups were read: it is not kept.
  expect(group.settle(3, 1, 5, 0)).toBe('again')
  expect(group.settle(3, 1, 6, 0)).toEqual([])
})

test('who left and came back before that was told here stays a member when the leave is told', () => {
  const { group, take } = known()
  expect(group.settle(3, 8, 8, 0)).toEqual([])
  take(leave(6, 3))
  take(message(7))
  expect(take(toldOf(memberJoined(3, 'g1', 8), 8, [3]))).toEqual([1, 2, 3])
  expect(take(message(9))).toEqual([1, 2, 3])
})

test('who was told an event as a member is not told it again, though he left and what was read does not say so yet', () => {
  const { group, take } = known()
  take(message(6))
  take(leave(7, 2))
  expect(frames(group.settle(2, 1, 6, 0))).toEqual([])
  expect(group.has(2)).toBe(false)
  take(message(9))
  group.lose(9)
  expect(frames(group.settle(1, 1, 8, 0))).toEqual(['9'])
})
