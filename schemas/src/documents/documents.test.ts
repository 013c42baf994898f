import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { requestSchemas } from '../../protocol/frames.ts'
import { httpReads } from '../../protocol/http-reads.ts'
import { httpRoutes } from '../../protocol/http-routes.ts'
import { serverSchemas } from '../../protocol/server-frames.ts'
import { schemas } from '../generated/schemas.ts'
import { asyncApiDocument } from './asyncapi.ts'
import { isObject, type Json, type JsonObject } from './json-schema.ts'
import { limitsTable } from './limits-table.ts'
import { pythonReader, typeScriptReader } from './log-readers.ts'
import { openApiDocument } from './openapi.ts'
import type { PublishedRecords } from './topics.ts'

const asyncApi = asyncApiDocument(schemas as unknown as PublishedRecords)
const openApi = openApiDocument()

const at = (document: JsonObject, ...path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((value, name) => (isObject(value) ? value[name] : undefined), document)

const namesAt = (document: JsonObject, ...path: readonly string[]): readonly string[] => {
  const found = at(document, ...path)
  return isObject(found) ? Object.keys(found) : []
}

const refsIn = (value: Json): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap(refsIn)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' && typeof inner === 'string' ? [inner] : refsIn(inner),
  )
}

test('every request, its answer and every push is in the AsyncAPI document, and nothing else', () => {
  const ops = Object.keys(requestSchemas)
  const pushes = Object.keys(serverSchemas).filter((op) => op !== 'ok' && op !== 'error')
  expect(namesAt(asyncApi, 'channels', 'socket', 'messages').toSorted()).toEqual(
    ['error', ...ops.flatMap((op) => [`request.${op}`, `ok.${op}`]), ...pushes.map((op) => `push.${op}`)].toSorted(),
  )
  expect(namesAt(asyncApi, 'operations').toSorted()).toEqual([...ops, ...pushes.map((op) => `push.${op}`)].toSorted())
})

test('every published record is a message of a topic', () => {
  const { socket: _, ...topics } = at(asyncApi, 'channels') as JsonObject
  const records = Object.values(topics).flatMap((topic) => namesAt(topic as JsonObject, 'messages'))
  expect(new Set(records)).toEqual(new Set(Object.keys(schemas)))
})

test('a record that no topic carries is not documented in silence', () => {
  const strange = { name: 'Strange', namespace: 'chat.nowhere', type: 'record', fields: [] }
  expect(() => asyncApiDocument({ 'strange.v1': strange })).toThrow('no topic of the documents carries strange.v1')
})

test('every path is in the OpenAPI document', () => {
  const paths = [...httpRoutes, ...httpReads].map(({ path }) => path.replaceAll(/:(\w+)/g, '{$1}'))
  expect(new Set(namesAt(openApi, 'paths'))).toEqual(new Set(paths))
})

test.each([
  ['AsyncAPI', asyncApi],
  ['OpenAPI', openApi],
])('what the %s document refers to is in it', (_, document) => {
  const refs = refsIn(document)
  expect(refs.length).toBeGreaterThan(0)
  const dangling = refs.filter((ref) => at(document, ...ref.slice('#/'.length).split('/')) === undefined)
  expect(dangling).toEqual([])
})

test('the one rule of the log and its readers stand in the AsyncAPI document and in the guide, the same', () => {
  const guide = readFileSync(new URL('../../../docs/reading-the-log.md', import.meta.url), 'utf8')
  const description = at(asyncApi, 'channels', 'events', 'description')
  for (const text of ['if and only if its offset equals its header `pos`', typeScriptReader, pythonReader]) {
    expect(description).toContain(text)
    expect(guide).toContain(text)
  }
})

test('a limit that does not say what it bounds is not documented in silence', () => {
  expect(() => limitsTable('export const frameBytesMax = 1')).toThrow('frameBytesMax has no comment')
  expect(limitsTable('/** A frame. */\nexport const frameBytesMax = 1')).toContain(
    '| `frameBytesMax` | 64 KiB | A frame. |',
  )
})
