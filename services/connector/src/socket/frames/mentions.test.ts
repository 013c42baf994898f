import { mentionPlacesMax } from '@chat/schemas/protocol'
import { expect, test } from 'vitest'
import { mentionsOf } from './mentions.ts'

const ids = new Map([
  ['ann', 1],
  ['ann lee', 2],
  ['bob', 3],
  ['张伟', 4],
  ['a.b', 5],
  ['straße'.replace('ß', 'ss'), 6],
  ['annabel', 7],
])
const asked: string[] = []
const directory = {
  usersByNames: async (names: readonly string[]) => {
    asked.push(...names)
    return new Map([...ids].filter(([name]) => names.includes(name)))
  },
}
const meantBy = async (text: string) => {
  const mentions = await mentionsOf({ kind: 'text', text }, directory)
  return mentions === 'unavailable' ? mentions : mentions.map(({ users }) => users)
}

test.each<[string, readonly (readonly number[])[]]>([
  ['hi @ann', [[1]]],
  ['@Ann Lee, come', [[2, 1]]],
  ['@ANN\nLee', [[1]]],
  ['(@bob) @bob!', [[3], [3]]],
  ["@bob's", [[3]]],
  ['@a.b and @a', [[5]]],
  ['你好@张伟你好', []],
  ['你好 @张伟你好', [[4]]],
  ['@Straße', [[6]]],
  ['@annabel', [[7]]],
  ['@annabelle', []],
  ['@nobody', []],
  ['post@bob', []],
  ['@@bob', [[3]]],
  ['@ bob', []],
  ['@', []],
])('in %j may be meant %j', async (text, users) => {
  expect(await meantBy(text)).toEqual(users)
})

test('only so many places are looked at, and names are not looked for behind the longest one there can be', async () => {
  asked.length = 0
  const found = await meantBy('@bob '.repeat(mentionPlacesMax + 50))
  expect(found).toHaveLength(mentionPlacesMax)
  expect(Math.max(...asked.map((name) => [...name].length))).toBeLessThanOrEqual(64)
})

test('nobody is asked for a text without a name, or for what is no text', async () => {
  asked.length = 0
  expect(await meantBy('nothing here')).toEqual([])
  expect(await mentionsOf({ kind: 'custom', type: 't', data: '@bob' }, directory)).toEqual([])
  expect(asked).toEqual([])
})
