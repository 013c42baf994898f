import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type JsonObject = Readonly<Record<string, Json>>

/** The documents of a running server, as checks of what goes over its wires. Every check throws with what is wrong. */
export interface DocumentedTraffic {
  /** A request as a client sends it: `isValid` is what the server said of it. */
  request(frame: JsonObject, isValid: boolean): void
  /** An answer to a request with that op. */
  answer(op: string, frame: JsonObject): void
  push(frame: JsonObject): void
  exchange(exchange: Exchange): void
  /** Ops whose `ok` was seen, and pushes and paths. */
  seen(): ReadonlySet<string>
}

interface Exchange {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body?: JsonObject
  readonly status: number
  readonly contentType: string
  readonly answer?: Json
}

/** What an answer holds beside what is documented is wrong here, although clients ignore it. */
export const createDocumentedTraffic = (asyncApi: JsonObject, openApi: JsonObject): DocumentedTraffic => {
  const messages = at(asyncApi, 'channels', 'socket', 'messages')
  const checkFrame = createCheck(asyncApi)
  const checkBody = createCheck(openApi)
  const seen = new Set<string>()

  const message = (name: string, frame: JsonObject) => {
    const { payload } = at(messages, name)
    checkFrame(name, payload, frame)
    seen.add(name)
  }

  return {
    request: (frame, isValid) => {
      const name = `request.${frame.op}`
      if (isValid) return message(name, frame)
      try {
        message(name, frame)
      } catch {
        return // The documents refuse what the server refused.
      }
      // What only a function can check is not in the documents.
    },
    answer: (op, frame) => message(frame.op === 'ok' ? `ok.${op}` : 'error', frame),
    push: (frame) => message(`push.${frame.op}`, frame),
    exchange: ({ method, path, body, status, contentType, answer }) => {
      const [name, operation] = operationOf(openApi, method, path)
      const { requestBody, responses } = operation
      if (body !== undefined && status < 400)
        checkBody(`${name} body`, at(requestBody, 'content', 'application/json').schema, body)
      const response = at(responses)[String(status)] ?? at(responses).default
      const { content } = at(response)
      if (answer === undefined) {
        if (content !== undefined) throw new Error(`${name} ${status} has no body, and is documented with one`)
      } else checkBody(`${name} ${status}`, at(content, contentType).schema, answer)
      seen.add(name)
    },
    seen: () => seen,
  }
}

const operationOf = (openApi: JsonObject, method: string, path: string): readonly [string, JsonObject] => {
  const [pathname = '', query = ''] = path.split('?')
  const parts = pathname.split('/')
  const fits = (template: string) => {
    const expected = template.split('/')
    return expected.length === parts.length && expected.every((part, i) => part.startsWith('{') || part === parts[i])
  }
  // `/v1/users/{id}` and a fixed path may both fit: the fixed one is meant.
  const found = Object.keys(at(openApi, 'paths'))
    .filter(fits)
    .toSorted((a, b) => a.split('{').length - b.split('{').length)
  const [template] = found
  const operation = template === undefined ? undefined : at(openApi, 'paths', template)[method.toLowerCase()]
  if (template === undefined || operation === undefined) throw new Error(`${method} ${pathname} is not documented`)
  const { parameters = [] } = at(operation)
  const names = (parameters as readonly Json[]).map((parameter) => at(parameter)).filter((each) => each.in === 'query')
  for (const [name] of new URLSearchParams(query))
    if (!names.some((parameter) => parameter.name === name)) throw new Error(`${method} ${template} has no ?${name}`)
  return [`${method} ${template}`, at(operation)]
}

const createCheck = (document: JsonObject) => {
  const components = closed(document.components ?? {})
  const validators = new Map<string, ValidateFunction>()
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: false })
  return (name: string, schema: Json | undefined, value: Json): void => {
    if (schema === undefined) throw new Error(`${name} is not documented: ${JSON.stringify(value)}`)
    let validate = validators.get(name)
    if (validate === undefined) {
      validate = ajv.compile({ ...at(closed(schema)), components })
      validators.set(name, validate)
    }
    if (!validate(value)) throw new Error(`${name}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`)
  }
}

/** The schema with every object limited to what it names. */
const closed = (schema: Json): Json => {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const fields = Object.fromEntries(Object.entries(schema).map(([name, inner]) => [name, closed(inner)]))
  return fields.type === 'object' && fields.additionalProperties === undefined
    ? { ...fields, additionalProperties: false }
    : fields
}

const at = (value: Json | undefined, ...path: readonly string[]): JsonObject => {
  let found: Json | undefined = value
  for (const name of path) found = isObject(found) ? found[name] : undefined
  return isObject(found) ? found : {}
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
