import { expect, test } from 'vitest'
import { type Accepted, faultsOf, type Showing, textOf, type Witness } from './check.ts'

const room = 'g9'
const [direct, toAll, second] = [textOf('ann', 1, 'bob'), textOf('ann', 2, undefined), textOf('ann', 3, undefined)]
const log: readonly Accepted[] = [
  { actor: 1, conversation: 'd1.2', text: direct },
  { actor: 1, conversation: room, text: toAll },
  { actor: 1, conversation: room, text: second },
]
const from = { id: 1, name: 'ann' }
const shown = (text: string): Showing => ({ text, from, isInRoom: text !== direct })

const ann: Witness = {
  ...{ name: 'ann', id: 1, echo: 'room', wasCut: false },
  ...{ showings: [shown(toAll), shown(second)], acknowledged: [direct] },
}
const bob: Witness = {
  ...{ name: 'bob', id: 2, echo: 'none', wasCut: false },
  ...{ showings: [shown(direct), shown(toAll), shown(second)], acknowledged: [] },
}
const cem: Witness = { ...bob, name: 'cem', id: 3, showings: [shown(toAll), shown(second)] }

const faultsWith = (changed: Partial<Witness>, of: readonly Accepted[] = log) =>
  faultsOf(of, room, [ann, { ...bob, ...changed }, cem])

test('who is shown everything that is his once, in order, from who said it, finds no fault', () => {
  expect(faultsWith({})).toEqual([])
  expect(faultsWith({ showings: [shown(toAll), shown(direct), shown(second)] })).toEqual([])
  expect(faultsWith({ wasCut: true, showings: [...bob.showings, shown(toAll), shown(second)] })).toEqual([])
  expect(faultsWith({ showings: bob.showings.map((one) => ({ ...one, from: undefined })) })).toEqual([])
})

test.each<[string, Partial<Witness>]>([
  ['bob was not shown ann#1>bob', { showings: bob.showings.slice(1) }],
  ['bob was shown ann#2>* twice', { showings: [...bob.showings, shown(toAll)] }],
  ['bob was shown something out of order', { showings: [shown(direct), shown(second), shown(toAll)] }],
  [
    'bob was shown ann#4>bob, which is not on the log',
    { showings: [...bob.showings, { ...shown(direct), text: 'ann#4>bob' }] },
  ],
  [
    'bob was shown ann#1>bob as from {"id":2,"name":"ann"}',
    { showings: [{ ...shown(direct), from: { id: 2, name: 'ann' } }, ...bob.showings.slice(1)] },
  ],
  [
    'bob was shown ann#1>bob as from {"name":"bob"}',
    { showings: [{ ...shown(direct), from: { name: 'bob' } }, ...bob.showings.slice(1)] },
  ],
  [
    'bob was shown ann#1>bob in the wrong place',
    { showings: [{ ...shown(direct), isInRoom: true }, ...bob.showings.slice(1)] },
  ],
  ['bob was told that bob#1>ann is accepted, which is not on the log', { acknowledged: ['bob#1>ann'] }],
])('%s', (fault, changed) => {
  expect(faultsWith(changed)).toEqual([fault])
})

test('what was for somebody else is not to be shown, and one is shown his own only where his protocol does', () => {
  const strange = faultsOf(log, room, [ann, bob, { ...cem, showings: [shown(direct), ...cem.showings] }])
  expect(strange).toEqual(['cem was shown ann#1>bob, which is not his'])
  expect(faultsOf(log, room, [{ ...ann, echo: 'none' }, bob, cem])).toHaveLength(2)
  expect(faultsOf(log, room, [{ ...ann, echo: 'all' }, bob, cem])).toEqual(['ann was not shown ann#1>bob'])
})

test('the log itself: nothing twice, nothing of somebody else, nothing elsewhere', () => {
  const twice = [...log, { actor: 1, conversation: room, text: second }]
  expect(faultsWith({}, twice)).toContain('1 messages are on the log twice')
  expect(faultsWith({}, [{ actor: 2, conversation: 'd1.2', text: direct }, ...log.slice(1)])).toContain(
    'ann#1>bob is on the log as of 2',
  )
  expect(faultsWith({}, [{ actor: 1, conversation: 'd1.3', text: direct }, ...log.slice(1)])).toContain(
    'ann#1>bob is on the log in d1.3',
  )
})
