import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry'
import type { SchemaIds, SchemaName } from './codec.ts'
import { localSchemaIds, schemas } from './generated/schemas.ts'

/**
 * The registry publishes our schemas to other people's readers and numbers them; no reader of ours needs it.
 * Subjects are the records' full names (record name strategy). Throws RegistryError; it tries once, callers wait and repeat.
 */
export interface Registry {
  /**
   * Registers every schema, in the order of ids.json, so that an empty registry gives the same ids again. Idempotent.
   * After a failure some are registered; repeat it.
   */
  register(): Promise<SchemaIds>
  /** The ids of what this process writes. Changes nothing. */
  readIds(): Promise<SchemaIds>
}

/** `registry_unavailable`: try again. `incompatible`: FULL_TRANSITIVE refuses a schema. `not_registered`: `npm run init` has not run. */
export class RegistryError extends Error {
  readonly code: 'registry_unavailable' | 'incompatible' | 'not_registered'
  readonly isRetryable: boolean
  constructor(code: RegistryError['code'], message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'RegistryError'
    this.code = code
    this.isRetryable = code !== 'incompatible'
  }
}

export interface RegistryOptions {
  /** Its Confluent API. */
  readonly url: string
  /** Put before every subject: a world of its own for tests. */
  readonly subjectPrefix?: string
  /** Default: the bundled ones. */
  readonly definitions?: Readonly<Record<string, Definition>>
  /** Of one request, ms. */
  readonly requestTimeoutMs?: number
}

interface Definition {
  readonly name: string
  readonly namespace: string
}

const requestTimeoutDefaultMs = 5_000

export const createRegistry = (options: RegistryOptions): Registry => {
  const { url, subjectPrefix = '', requestTimeoutMs = requestTimeoutDefaultMs } = options
  const definitions = options.definitions ?? bundledInOrder()
  // One try each: waiting is the caller's, who can say what it waits for.
  const client = new SchemaRegistry({ host: url, retry: { retries: 0 } })

  const ask = async <T>(what: string, request: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const signal = AbortSignal.timeout(requestTimeoutMs)
    try {
      return await Promise.race([request(signal), abortOf(signal)])
    } catch (error) {
      throw registryError(what, error)
    }
  }

  const forEach = async (run: (subject: string, schema: object) => Promise<number>): Promise<SchemaIds> => {
    const ids: Record<string, number> = {}
    for (const [name, definition] of Object.entries(definitions))
      ids[name] = await run(`${subjectPrefix}${definition.namespace}.${definition.name}`, definition)
    return ids as Record<SchemaName, number>
  }

  return {
    register: () =>
      forEach(async (subject, schema) => {
        // Before the first version, so that there is no moment in which another rule holds.
        await ask(`the rule of ${subject}`, (signal) => requireFullTransitive(url, subject, signal))
        const registered = await ask(`registering ${subject}`, () =>
          client.register(avro(schema), { subject, compatibility: COMPATIBILITY.FULL_TRANSITIVE }),
        )
        return registered.id
      }),
    readIds: () =>
      forEach((subject, schema) =>
        ask(`looking up ${subject}`, () => client.getRegistryIdBySchema(subject, avro(schema))),
      ),
  }
}

/** As ids.json orders them. */
const bundledInOrder = (): Readonly<Record<string, Definition>> =>
  Object.fromEntries((Object.keys(localSchemaIds) as SchemaName[]).map((name) => [name, schemas[name]]))

/** As text: the client would take a definition for an older interface of its own and go by its field names. */
const avro = (schema: object) => ({ type: SchemaType.AVRO as const, schema: JSON.stringify(schema) })

const requireFullTransitive = async (url: string, subject: string, signal: AbortSignal): Promise<void> => {
  const response = await fetch(`${url}/config/${encodeURIComponent(subject)}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility: COMPATIBILITY.FULL_TRANSITIVE }),
    signal,
  })
  const answer = await response.text()
  if (!response.ok) throw Object.assign(new Error(`status ${response.status}: ${answer}`), { status: response.status })
}

/** The client has no time limit of its own. */
const abortOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))

/** The client's errors carry the HTTP status (409 incompatible, 404 unknown subject or schema) or a text about it. */
const registryError = (what: string, error: unknown): RegistryError => {
  const status = (error as { status?: unknown } | null)?.status
  const message = `schema registry, ${what}: ${error instanceof Error ? error.message : String(error)}`
  if (status === 409) return new RegistryError('incompatible', message, error)
  if (status === 404 || isUnknownSchema(error)) return new RegistryError('not_registered', message, error)
  return new RegistryError('registry_unavailable', message, error)
}

/** A look-up that found nothing loses its status in the client, which wraps it. */
const isUnknownSchema = (error: unknown): boolean =>
  error instanceof Error && error.constructor.name === 'ConfluentSchemaRegistryError'
