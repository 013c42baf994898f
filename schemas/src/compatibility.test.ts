import { describe, expect, test } from 'vitest'
import { compatibilityProblems, type SchemaVersion } from './compatibility.ts'
import { readSchemaFiles } from './generate.ts'

const a = { name: 'a', type: 'int' }
const withDefault = { name: 'b', type: ['null', 'string'], default: null }

const thing = (version: number, fields: readonly unknown[], extra: object = {}): SchemaVersion => ({
  folder: 'events',
  schema: `thing-done.v${version}`,
  version,
  record: { ...{ type: 'record', fields }, name: 'ThingDone', namespace: 'chat.events', ...extra },
})

test('every version of every published record reads every other', () => {
  expect(compatibilityProblems(readSchemaFiles())).toEqual([])
})

test('a new field with a default is compatible', () => {
  expect(compatibilityProblems([thing(1, [a]), thing(2, [a, withDefault])])).toEqual([])
})

describe('what is refused', () => {
  test.each<[string, readonly SchemaVersion[]]>([
    ['a new field without a default', [thing(1, [a]), thing(2, [a, { name: 'b', type: 'int' }])]],
    ['a removed field that had no default', [thing(1, [a, { name: 'b', type: 'int' }]), thing(2, [a])]],
    ['a field of another type', [thing(1, [a]), thing(2, [{ name: 'a', type: 'string' }])]],
    [
      'a field that became wider: older readers cannot read it',
      [thing(1, [a]), thing(2, [{ name: 'a', type: 'long' }])],
    ],
    [
      'a new branch of a union',
      [
        thing(1, [{ name: 'a', type: ['null', 'int'], default: null }]),
        thing(2, [{ name: 'a', type: ['null', 'int', 'string'], default: null }]),
      ],
    ],
    [
      'a nested field without a default',
      [1, 2].map((version) =>
        thing(version, [
          {
            name: 'list',
            type: {
              type: 'array',
              items: { type: 'record', name: 'Item', fields: [a, { name: 'b', type: 'int' }].slice(0, version) },
            },
          },
        ]),
      ),
    ],
    [
      'a third version that fits the second but not the first',
      [
        thing(1, [a]),
        thing(2, [a, { ...withDefault, type: ['null', 'int'] }]),
        thing(3, [a, { name: 'b', type: ['null', 'int'] }]),
      ],
    ],
    ['another name of the record', [thing(1, [a]), thing(2, [a], { name: 'OtherDone' })]],
    ['another namespace', [thing(1, [a], { namespace: 'chat.commands' })]],
    ['a gap between versions', [thing(1, [a]), thing(3, [a])]],
  ])('%s', (_case, files) => {
    expect(compatibilityProblems(files)).not.toEqual([])
  })
})
