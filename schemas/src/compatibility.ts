import avsc from 'avsc'

/** One version of a record, as a file of this package holds it. */
export interface SchemaVersion {
  readonly folder: string
  /** `message-posted.v1` */
  readonly schema: string
  readonly version: number
  readonly record: { readonly name: string; readonly namespace?: string }
}

/**
 * Everything that a set of schema files does wrong, in sentences; empty: nothing.
 * FULL_TRANSITIVE: every version of a record reads every other, older or newer, because old processes run beside new ones and the log
 * keeps every version for ever. Names: the file, its record and its folder say the same, and versions count from 1.
 */
export const compatibilityProblems = (files: readonly SchemaVersion[]): readonly string[] => [
  ...files.flatMap(namingProblems),
  ...[...byRecord(files).values()].flatMap((versions) => [
    ...sequenceProblems(versions),
    ...versions.flatMap((reader) => versions.flatMap((writer) => readingProblems(reader, writer))),
  ]),
]

const byRecord = (files: readonly SchemaVersion[]): ReadonlyMap<string, readonly SchemaVersion[]> =>
  Map.groupBy(files, (file) => file.record.name)

const namingProblems = ({ folder, schema, version, record }: SchemaVersion): readonly string[] => {
  const kebab = record.name.replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()
  const namespace = `chat.${folder.replaceAll(/-[a-z]/g, (dashed) => dashed.slice(1).toUpperCase())}`
  return [
    ...(schema === `${kebab}.v${version}`
      ? []
      : [`${schema}: its record ${record.name} belongs into ${kebab}.v${version}`]),
    ...(record.namespace === namespace ? [] : [`${schema}: its namespace must be ${namespace}`]),
  ]
}

const sequenceProblems = (versions: readonly SchemaVersion[]): readonly string[] => {
  const numbers = versions.map(({ version }) => version).sort((a, b) => a - b)
  return numbers.every((number, index) => number === index + 1)
    ? []
    : [`${versions[0]?.record.name}: versions must be 1, 2, 3, …, not ${numbers.join(', ')}`]
}

const readingProblems = (reader: SchemaVersion, writer: SchemaVersion): readonly string[] => {
  if (reader === writer) return []
  try {
    typeOf(reader).createResolver(typeOf(writer))
    return []
  } catch (error) {
    return [`${reader.schema} cannot read ${writer.schema}: ${error instanceof Error ? error.message : String(error)}`]
  }
}

const typeOf = ({ record }: SchemaVersion): avsc.Type =>
  avsc.Type.forSchema(structuredClone(record) as avsc.Schema, { wrapUnions: false })
