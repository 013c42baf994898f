import { expect, test } from 'vitest'
import { fileProblems } from './check-texts.ts'

const problems = (path: string, text: string) => fileProblems([path], () => text)

test('a source of 400 lines is long enough', () => {
  expect(problems('a.ts', 'x\n'.repeat(400))).toEqual([])
  expect(problems('a.ts', 'x\n'.repeat(401))).toEqual(['a.ts has 401 lines, at most 400'])
  expect(problems('schemas/src/generated/a.ts', 'x\n'.repeat(401))).toEqual([])
  expect(problems('a.json', 'x\n'.repeat(401))).toEqual([])
})

test.each([
  ['README.md', `see ${'..'}/shared/X.md`],
  ['.npmrc', `registry=https://registry.npmjs${'.'}org/`],
  ['package-lock.json', `"resolved"${':'} "https://mirror.example/ws.tgz"`],
])('%s may not say %s', (path, text) => {
  expect(problems(path, text)).toHaveLength(1)
})

test('an image says nothing', () => {
  expect(problems('a.png', `\0${'..'}/shared`)).toEqual([])
})
