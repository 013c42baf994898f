import { expect, test } from 'vitest'
import { createCodec } from './codec.ts'
import { readSchemaFiles, staleFiles } from './generate.ts'
import { localSchemaIds, schemas } from './generated/schemas.ts'
import { hashOf, pathOf, readGolden, readPublished } from './publish.ts'

const files = readSchemaFiles()
const codec = createCodec(schemas)

test('a published schema file never changes and never disappears', () => {
  for (const [path, hash] of Object.entries(readPublished())) expect([path, hashOf(path)]).toEqual([path, hash])
})

test('every schema file is published (node schemas/src/publish.ts)', () => {
  expect(files.map(pathOf).sort()).toEqual(Object.keys(readPublished()).sort())
})

test('every schema has an id of its own, from 1 without a gap', () => {
  expect(Object.keys(localSchemaIds).sort()).toEqual(Object.keys(schemas).sort())
  expect(Object.values(localSchemaIds)).toEqual(Object.keys(schemas).map((_, index) => index + 1))
})

test.each(files.map((file) => file.schema))(
  'a record written with %s when it was published is read today',
  (schema) => {
    const golden = readGolden(schema)
    const value = Buffer.from(golden.value, 'base64')
    expect(codec.decode(golden.namespace, golden.schema, value)).toMatchObject({ record: golden.record })
    expect(value.readUInt32BE(1)).toBe(localSchemaIds[schema as keyof typeof localSchemaIds])
  },
)

test('the generated files are what the schema files generate (npm run generate)', () => {
  expect(staleFiles()).toEqual([])
})
