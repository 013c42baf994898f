import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import {
  asyncApiDocument,
  type JsonObject,
  limitsTable,
  openApiDocument,
  type PublishedRecords,
} from './documents/index.ts'

/** Folder of schemas → the name of the union of its records. */
const folders = {
  events: 'LogEvent',
  commands: 'Command',
  deliveries: 'Delivery',
  receipts: 'Receipt',
  signals: 'Signal',
  snapshots: 'SnapshotRecord',
  'dead-letters': 'DeadLetterRecord',
} as const

interface Field {
  readonly name: string
  readonly doc?: string
  readonly type: AvroType
  readonly default?: unknown
}
export type AvroType =
  | string
  | readonly AvroType[]
  | { readonly type: 'array'; readonly items: AvroType }
  | { readonly type: 'map'; readonly values: AvroType }
  | RecordType
  | { readonly type: 'long' | 'int' | 'string'; readonly logicalType?: string }
interface RecordType {
  readonly type: 'record'
  readonly name: string
  readonly namespace?: string
  readonly doc?: string
  readonly fields: readonly Field[]
}
export interface SchemaFile {
  readonly folder: string
  /** `message-posted.v1`: the `schema` header. */
  readonly schema: string
  readonly version: number
  readonly record: RecordType
}

/** The folder of this package. */
export const root = new URL('../', import.meta.url)

/** All of them, by folder and name. */
export const readSchemaFiles = (): readonly SchemaFile[] =>
  Object.keys(folders).flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root))
      .filter((name) => name.endsWith('.avsc'))
      .sort()
      .map((name) => {
        const schema = name.slice(0, -'.avsc'.length)
        const record = JSON.parse(readFileSync(new URL(`${folder}/${name}`, root), 'utf8'))
        return { folder, schema, version: Number(schema.split('.v')[1]), record }
      }),
  )

const isRecord = (type: AvroType): type is RecordType => typeof type === 'object' && 'fields' in type

const primitives: Readonly<Record<string, string>> = {
  null: 'null',
  string: 'string',
  int: 'number',
  long: 'number',
  double: 'number',
  boolean: 'boolean',
  bytes: 'Uint8Array',
}

const typeScript = (type: AvroType): string => {
  if (typeof type === 'string') return primitives[type] ?? type
  if (Array.isArray(type)) return type.map(typeScript).join(' | ')
  if (isRecord(type)) return type.name
  const named = type as { type: string; items?: AvroType; values?: AvroType }
  if (named.items !== undefined) return `readonly ${wrapped(typeScript(named.items))}[]`
  if (named.values !== undefined) return `Readonly<Record<string, ${typeScript(named.values)}>>`
  return typeScript(named.type)
}

const wrapped = (text: string): string => (text.includes('|') ? `(${text})` : text)

const nestedRecords = (type: AvroType): readonly RecordType[] => {
  if (typeof type === 'string') return []
  if (Array.isArray(type)) return type.flatMap(nestedRecords)
  if (isRecord(type)) return [type, ...type.fields.flatMap((field) => nestedRecords(field.type))]
  const named = type as { items?: AvroType; values?: AvroType }
  return [named.items, named.values].flatMap((inner) => (inner === undefined ? [] : nestedRecords(inner)))
}

const declaration = (record: RecordType, discriminant: string): string => {
  // One line a field: the files stay short enough to be read.
  const fields = record.fields.map((field) => {
    const fieldDoc = field.doc === undefined ? '' : `/** ${field.doc} */ `
    return `  ${fieldDoc}readonly ${field.name}: ${typeScript(field.type)}`
  })
  const doc = record.doc === undefined ? [] : [`/** ${record.doc} */`]
  return [
    ...doc,
    `export interface ${record.name} {`,
    ...(discriminant === '' ? [] : [discriminant]),
    ...fields,
    '}',
  ].join('\n')
}

/** The newest version of each record: what this code writes, and what older records are resolved to. */
const newest = (files: readonly SchemaFile[]): readonly SchemaFile[] => {
  const byName = new Map<string, SchemaFile>()
  for (const file of files) {
    const known = byName.get(file.record.name)
    if (known === undefined || known.version < file.version) byName.set(file.record.name, file)
  }
  return [...byName.values()]
}

/** Several commands may hold the same record. */
const distinct = (declarations: readonly string[]): readonly string[] => [...new Set(declarations)]

/** The types of some folders, so that no generated file grows beyond reading. */
const generateTypes = (isWanted: (folder: string) => boolean) => (): string => {
  const files = newest(readSchemaFiles()).filter(({ folder }) => isWanted(folder))
  const records = distinct(
    files.flatMap((file) => [
      declaration(file.record, `  readonly type: '${file.record.name}'`),
      ...file.record.fields.flatMap((field) => nestedRecords(field.type)).map((record) => declaration(record, '')),
    ]),
  )
  const wanted = Object.entries(folders).filter(([folder]) => isWanted(folder))
  const unions = wanted.map(([folder, union]) => {
    const names = files.filter((file) => file.folder === folder).map((file) => file.record.name)
    return `export type ${union} = ${names.join(' | ')}`
  })
  return `${['// Generated from the .avsc files by `npm run generate`. Do not edit.', ...records, ...unions].join('\n\n')}\n`
}

/** Every schema, inlined, so that no reader needs the disk or the registry. */
const generateSchemas = (): string => {
  const lines = readSchemaFiles().map((file) => `  '${file.schema}': ${JSON.stringify(file.record)},`)
  const ids: Readonly<Record<string, number>> = JSON.parse(readFileSync(new URL('ids.json', root), 'utf8'))
  const idLines = Object.entries(ids).map(([schema, id]) => `  '${schema}': ${id},`)
  return [
    '// Generated from the .avsc files and ids.json by `npm run generate`. Do not edit.',
    '',
    'export const schemas = {',
    ...lines,
    '} as const',
    '',
    '/** The ids that the embedded log writes, from ids.json: append-only, so that its bytes stay readable. Also the order of registration. */',
    'export const localSchemaIds = {',
    ...idLines,
    '} as const satisfies Readonly<Record<keyof typeof schemas, number>>',
    '',
  ].join('\n')
}

/** Of the files, not of what was generated from them before. */
const publishedRecords = (): PublishedRecords =>
  Object.fromEntries(readSchemaFiles().map(({ schema, record }) => [schema, record as unknown as JsonObject]))

export const generatedFiles: Readonly<Record<string, () => string>> = {
  'src/generated/event-types.ts': generateTypes((folder) => folder === 'events'),
  'src/generated/types.ts': generateTypes((folder) => !['events', 'snapshots', 'commands'].includes(folder)),
  'src/generated/command-types.ts': generateTypes((folder) => folder === 'commands'),
  'src/generated/snapshot-types.ts': generateTypes((folder) => folder === 'snapshots'),
  'src/generated/schemas.ts': generateSchemas,
  '../docs/protocol/asyncapi.json': () => `${JSON.stringify(asyncApiDocument(publishedRecords()), undefined, 2)}\n`,
  '../docs/protocol/openapi.json': () => `${JSON.stringify(openApiDocument(), undefined, 2)}\n`,
  '../docs/protocol/limits.md': () => limitsTable(readFileSync(new URL('protocol/limits.ts', root), 'utf8')),
}

/** The generated files that differ from what the schemas say now. */
export const staleFiles = (): readonly string[] =>
  Object.entries(generatedFiles)
    .filter(([path, generate]) => readFileSync(new URL(path, root), 'utf8') !== generate())
    .map(([path]) => path)

/** `--check` changes nothing and fails when something would change. */
const main = (mode: string | undefined): void => {
  if (mode !== '--check')
    for (const [path, generate] of Object.entries(generatedFiles)) writeFileSync(new URL(path, root), generate())
  for (const path of staleFiles()) {
    process.stdout.write(`schemas/${path} is not current: npm run generate\n`)
    process.exitCode = 1
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv[2])
