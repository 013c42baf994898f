import type { TSchema } from 'typebox'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [name: string]: Json
}

/** What several schemas share, by its title; it is put under `#/components/schemas/`. */
export type SharedSchemas = Map<string, JsonObject>

/**
 * A schema of ours as JSON Schema; what has a title in it is put into `shared` once and referred to. What only a function of ours can
 * check (names, the version of a UUID, bytes) is left out: the description says it.
 */
export const jsonSchemaOf = (schema: TSchema, shared: SharedSchemas): JsonObject => {
  const { title: _, ...json } = JSON.parse(JSON.stringify(schema)) as JsonObject
  return rewritten(json, shared) as JsonObject
}

const rewritten = (value: Json, shared: SharedSchemas): Json => {
  if (Array.isArray(value)) return value.map((item) => rewritten(item, shared))
  if (!isObject(value)) return value
  const { title, ...fields } = value
  // A field of that name is an object.
  const name = typeof title === 'string' ? title : undefined
  const inner = Object.entries(name === undefined ? value : fields).map(
    ([field, schema]) => [field, rewritten(schema, shared)] as const,
  )
  const schema = described(Object.fromEntries(inner))
  if (name === undefined) return schema
  shared.set(name, schema)
  return { $ref: `#/components/schemas/${name}` }
}

/** JSON Schema counts the length of text in code points, as we do; the library counts graphemes and has keywords of ours instead. */
const described = (schema: JsonObject): JsonObject => {
  const { minCodePoints, maxCodePoints, patternProperties, ...rest } = schema
  const anyName = isObject(patternProperties) ? Object.entries(patternProperties) : []
  const [pattern, values] = anyName[0] ?? []
  return {
    ...rest,
    ...(typeof minCodePoints === 'number' && minCodePoints > 0 ? { minLength: minCodePoints } : {}),
    ...(maxCodePoints === undefined ? {} : { maxLength: maxCodePoints }),
    ...(anyName.length === 1 && pattern === '^.*$' && values !== undefined
      ? { additionalProperties: values }
      : patternProperties === undefined
        ? {}
        : { patternProperties }),
    ...(schema.enum !== undefined && schema.type === undefined ? { type: 'string' } : {}),
  }
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The same, sorted: what is added by different hands lands in different places of a generated file. */
export const byName = <T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> =>
  Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
