import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { createCodec } from './codec.ts'
import { type AvroType, generatedFiles, readSchemaFiles, root, type SchemaFile } from './generate.ts'

/**
 * Publishing a schema: `node schemas/src/publish.ts` gives each new .avsc file its id (ids.json), notes its hash (published.json), keeps
 * one encoded record of it (golden/) and generates the types. What is published stays as it is: a test compares.
 */
export interface Published {
  /** Path in this package → SHA-256 of the file, hex. */
  readonly [path: string]: string
}

export const pathOf = (file: SchemaFile): string => `${file.folder}/${file.schema}.avsc`

export const hashOf = (path: string): string =>
  createHash('sha256')
    .update(readFileSync(new URL(path, root)))
    .digest('hex')

export const readPublished = (): Published => JSON.parse(readFileSync(new URL('published.json', root), 'utf8'))

/** A record as it was written when its schema was published. Bytes stand as `{ "$base64": … }`. */
export interface Golden {
  readonly schema: string
  readonly namespace: string
  /** With its wire prefix, base64. */
  readonly value: string
  readonly record: Readonly<Record<string, unknown>>
}

export const readGolden = (schema: string): Golden =>
  JSON.parse(readFileSync(new URL(`golden/${schema}.json`, root), 'utf8'), (_key, value) =>
    typeof value?.$base64 === 'string' ? Buffer.from(value.$base64, 'base64') : value,
  )

/** One value of a type that is easy to tell from its neighbours. */
const sampleOf = (type: AvroType, name: string): unknown => {
  if (Array.isArray(type)) return sampleOf(type.find((branch) => branch !== 'null') ?? 'null', name)
  if (typeof type === 'string') return samplePrimitive(type, name)
  const named = type as Exclude<AvroType, string | readonly AvroType[]>
  if ('fields' in named)
    return Object.fromEntries(named.fields.map((field) => [field.name, sampleOf(field.type, field.name)]))
  if ('items' in named) return [sampleOf(named.items, name), sampleOf(named.items, `${name}, the second`)]
  if ('values' in named) return { [name]: sampleOf(named.values, name) }
  return sampleOf(named.type, name)
}

const samplePrimitive = (type: string, name: string): unknown => {
  if (type === 'null') return null
  if (type === 'string') return `${name} ⚑`
  if (type === 'bytes') return Buffer.from(`${name} ⚑ \0`)
  if (type === 'boolean') return true
  return type === 'int' ? 2 ** 31 - name.length : 2 ** 50 + name.length
}

const json = (value: unknown): string =>
  `${JSON.stringify(
    value,
    (_key, part) => (part?.type === 'Buffer' ? { $base64: Buffer.from(part.data).toString('base64') } : part),
    2,
  )}\n`

const goldenOf = (file: SchemaFile, id: number): Golden => {
  const codec = createCodec({ [file.schema]: file.record })
  const record = { type: file.record.name, ...(sampleOf(file.record, '') as object) }
  const { value } = codec.encode(record, { [file.schema]: id })
  const namespace = file.record.namespace?.slice('chat.'.length) ?? ''
  return { schema: file.schema, namespace, value: value.toString('base64'), record }
}

const publish = (): void => {
  const published: Record<string, string> = { ...readPublished() }
  const ids: Record<string, number> = JSON.parse(readFileSync(new URL('ids.json', root), 'utf8'))
  mkdirSync(new URL('golden/', root), { recursive: true })
  for (const file of readSchemaFiles()) {
    const path = pathOf(file)
    if (published[path] !== undefined) continue
    const id = ids[file.schema] ?? Math.max(0, ...Object.values(ids)) + 1
    ids[file.schema] = id
    published[path] = hashOf(path)
    writeFileSync(new URL(`golden/${file.schema}.json`, root), json(goldenOf(file, id)))
  }
  writeFileSync(new URL('ids.json', root), json(ids))
  writeFileSync(new URL('published.json', root), json(published))
  for (const [path, generate] of Object.entries(generatedFiles)) writeFileSync(new URL(path, root), generate())
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) publish()
