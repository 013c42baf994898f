import { expect, test } from 'vitest'
import { GroupTitles } from './group-titles.ts'
import type { Line } from './line.ts'
import type { Numbers } from './old-numbers.ts'

const numbersOf = (old: Numbers['numbersOf']) => ({ idOf: async () => undefined, numbersOf: old })
const line = (answer: object): Line => {
  const ask = async () => ({ op: 'ok', ref: 1, ...answer }) as never
  return { ask, request: ask, newClientMsgId: () => '', close: () => {}, isOpen: true }
}

test('a message of a group begins with its title and its sender', async () => {
  const titles = new GroupTitles(
    line({ conversation: { title: 'tea' } }),
    numbersOf(async () => () => 7),
  )
  expect(await titles.before(31, 'ann')).toBe('tea/ann: ')
})

test('a group whose title cannot be read is called by its old number, and by nothing while nobody can tell that', async () => {
  const away = line({ op: 'error' })
  expect(
    await new GroupTitles(
      away,
      numbersOf(async () => () => 7),
    ).before(31, 'ann'),
  ).toBe('group 7/ann: ')
  expect(
    await new GroupTitles(
      away,
      numbersOf(async () => undefined),
    ).before(31, 'ann'),
  ).toBe('a group/ann: ')
})
