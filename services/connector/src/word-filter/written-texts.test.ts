import { operatorRoutes, requestSchemas } from '@chat/schemas/protocol'
import { expect, test } from 'vitest'
import { writtenTexts } from './written-texts.ts'

/** As much of a schema as says where text may be. */
interface Shape {
  readonly type?: string
  readonly maxCodePoints?: number
  readonly properties?: Readonly<Record<string, Shape>>
  readonly anyOf?: readonly Shape[]
}

/** Texts of any characters that nobody else is shown, or that are shown as they are, and why. */
const others: Readonly<Record<string, string>> = {
  token: 'a secret',
  old: 'a secret',
  new: 'a secret',
  sync: 'a cursor',
  after: 'a cursor',
  session: 'an id',
  query: 'what is looked for',
  type: 'of a custom body: a program’s',
  reason: 'for operators, as it was written',
}

const textsIn = ({ properties = {}, anyOf = [] }: Shape): readonly string[] => [
  ...Object.entries(properties).flatMap(([name, shape]) =>
    shape.type === 'string' && shape.maxCodePoints !== undefined ? [name] : textsIn(shape),
  ),
  ...anyOf.flatMap(textsIn),
]

test('of every text that a request may hold it is settled whether others are shown it', () => {
  const inputs = Object.values(operatorRoutes).map(({ fields }) => ({ properties: fields }) as Shape)
  const names = new Set([...Object.values(requestSchemas), ...inputs].flatMap((shape) => textsIn(shape as Shape)))
  expect(names.size).toBeGreaterThan(10)
  const isWritten = (name: string) => writtenTexts({ [name]: 'x' }).length > 0
  expect([...names].filter((name) => isWritten(name) === name in others)).toEqual([])
  expect(Object.keys(others).filter((name) => !names.has(name))).toEqual([])
})
