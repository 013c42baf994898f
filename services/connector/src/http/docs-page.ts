import type { JsonObject } from '@chat/schemas/documents'

type Value = JsonObject[string]

/** The documents as one page that needs nothing else: shapes stand in a notation like that of TypeScript. */
export const docsPage = (asyncApi: JsonObject, openApi: JsonObject): string => {
  const { socket, ...topics } = fieldsOf(asyncApi.channels)
  const messages = fieldsOf(fieldsOf(socket).messages)
  const ops = Object.keys(messages).flatMap((name) => (name.startsWith('request.') ? [name.slice(8)] : []))
  const pushes = Object.keys(messages).filter((name) => name.startsWith('push.'))
  const payload = (name: string) => fieldsOf(messages[name]).payload
  const parts = [
    section('HTTP', Object.entries(fieldsOf(openApi.paths)).flatMap(pathArticles)),
    section(
      'Requests on the socket',
      ops.map((op) =>
        article(op, undefined, [
          ['asks', payload(`request.${op}`)],
          ['is answered', payload(`ok.${op}`)],
        ]),
      ),
    ),
    section('What is refused', [article('error', undefined, [['', payload('error')]])]),
    section(
      'Pushes',
      pushes.map((name) => article(name.slice(5), undefined, [['', payload(name)]])),
    ),
    section(
      'Shapes',
      Object.entries({
        ...fieldsOf(fieldsOf(asyncApi.components).schemas),
        ...fieldsOf(fieldsOf(openApi.components).schemas),
      }).map(([name, schema]) => article(name, undefined, [['', schema]], `shape-${name}`)),
    ),
    section('Topics of the log', Object.values(topics).map(topicArticle)),
  ]
  return page(String(fieldsOf(asyncApi.info).description), parts)
}

const page = (introduction: string, parts: readonly string[]): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>chat.v1</title>
<link rel="stylesheet" href="/page/docs.css">
<main>
<h1>chat.v1</h1>
${introduction
  .split('\n\n')
  .map((text) => `<p>${prose(text)}</p>`)
  .join('\n')}
<p>As they are: <a href="/docs/asyncapi.json">AsyncAPI</a>, <a href="/docs/openapi.json">OpenAPI</a>.</p>
${parts.join('\n')}
</main>
</html>
`

const section = (title: string, articles: readonly string[]): string =>
  `<section>\n<h2>${escaped(title)}</h2>\n${articles.join('\n')}\n</section>`

type Shape = readonly [label: string, schema: Value | undefined]

const article = (title: string, text: string | undefined, shapes: readonly Shape[], id = title): string =>
  [
    `<article id="${escaped(id)}">`,
    `<h3>${escaped(title)}</h3>`,
    ...(text === undefined ? [] : [textBlock(text)]),
    ...shapes.flatMap(([label, schema]) =>
      schema === undefined ? [] : [`<pre>${label === '' ? '' : `<b>${label}</b> `}${notation(schema, '')}</pre>`],
    ),
    '</article>',
  ].join('\n')

const pathArticles = ([path, methods]: readonly [string, Value]): readonly string[] =>
  Object.entries(fieldsOf(methods)).map(([method, operation]) => {
    const { summary, parameters, requestBody, responses, security } = fieldsOf(operation)
    const asked = (Array.isArray(parameters) ? parameters : []).map((parameter: Value) => {
      const { name, required, schema } = fieldsOf(parameter)
      return [`${name}${required === true ? '' : '?'}`, schema] as const
    })
    const answers = Object.entries(fieldsOf(responses)).flatMap(([status, response]): readonly Shape[] => {
      const { content, description } = fieldsOf(response)
      const [schema] = Object.values(fieldsOf(content)).map((media) => fieldsOf(media).schema)
      return status === 'default' ? [] : [[`→ ${status} ${status.startsWith('2') ? '' : description}`, schema ?? '']]
    })
    const [body] = Object.values(fieldsOf(fieldsOf(requestBody).content)).map((media) => fieldsOf(media).schema)
    const shapes: readonly Shape[] = [...asked, ...(body === undefined ? [] : [['body', body] as const]), ...answers]
    const title = `${method.toUpperCase()} ${path}`
    return article(title, `${summary}${security === undefined ? '' : ' Needs an access token.'}`, shapes)
  })

const topicArticle = (channel: Value): string => {
  const { address, summary, description, messages } = fieldsOf(channel)
  const records = Object.entries(fieldsOf(messages)).map(([name, message]): Shape => {
    const { schema } = fieldsOf(fieldsOf(message).payload)
    return [name, Object.fromEntries(avroFields(schema).map((field) => [String(field.name), avroType(field.type)]))]
  })
  const rows = records.map(([name, fields]) => `<pre><b>${escaped(name)}</b> ${avroNotation(fieldsOf(fields))}</pre>`)
  return [
    `<article id="${escaped(String(address))}">\n<h3>${escaped(String(address))}</h3>`,
    textBlock(`${summary} ${description}`),
    ...rows,
    '</article>',
  ].join('\n')
}

const avroFields = (record: Value | undefined): readonly JsonObject[] => {
  const { fields } = fieldsOf(record)
  return Array.isArray(fields) ? fields.map(fieldsOf) : []
}

const avroNotation = (fields: JsonObject): string =>
  `{ ${Object.entries(fields)
    .map(([name, type]) => `${escaped(name)}: ${escaped(String(type))}`)
    .join(', ')} }`

const avroType = (type: Value | undefined): string => {
  if (typeof type === 'string') return type
  if (Array.isArray(type)) return type.map(avroType).join(' | ')
  const { type: kind, items, values, name } = fieldsOf(type)
  if (items !== undefined) return `${avroType(items)}[]`
  if (values !== undefined) return `{ [name]: ${avroType(values)} }`
  return name === undefined ? avroType(kind) : String(name)
}

/** A shape for eyes. */
const notation = (schema: Value, indent: string): string => {
  const { $ref, const: only, enum: values, anyOf, type, items, properties, additionalProperties } = fieldsOf(schema)
  if (typeof $ref === 'string') return refTo($ref)
  if (only !== undefined) return escaped(JSON.stringify(only))
  if (Array.isArray(values)) return values.map((value) => escaped(JSON.stringify(value))).join(' | ')
  if (Array.isArray(anyOf)) return anyOf.map((inner: Value) => notation(inner, indent)).join(`\n${indent}| `)
  if (type === 'array') return `(${notation(items ?? {}, indent)})[]`
  if (properties !== undefined) return objectNotation(fieldsOf(schema), indent)
  if (additionalProperties !== undefined && typeof additionalProperties === 'object')
    return `{ [name]: ${notation(additionalProperties, indent)} }`
  return `${type === undefined ? 'any' : type}${boundsOf(fieldsOf(schema))}`
}

const objectNotation = ({ properties, required }: JsonObject, indent: string): string => {
  const needed = new Set(Array.isArray(required) ? required.map(String) : [])
  const rows = Object.entries(fieldsOf(properties)).map(([name, inner]) => {
    const { description } = fieldsOf(inner)
    const comment = description === undefined ? '' : ` <i>// ${escaped(String(description))}</i>`
    return `${indent}  ${escaped(name)}${needed.has(name) ? '' : '?'}: ${notation(inner, `${indent}  `)}${comment}`
  })
  return rows.length === 0 ? '{ }' : `{\n${rows.join('\n')}\n${indent}}`
}

const boundsOf = ({ minLength, maxLength, minimum, maximum, format }: JsonObject): string => {
  if (format !== undefined) return ` (${format})`
  const [from, to] = [minLength ?? minimum, maxLength ?? maximum]
  if (from === undefined && to === undefined) return ''
  return ` (${from ?? ''}…${to ?? ''})`
}

const refTo = (ref: string): string => {
  const name = escaped(ref.slice(ref.lastIndexOf('/') + 1))
  return `<a href="#shape-${name}">${name}</a>`
}

/** Paragraphs, and code between fences. */
const textBlock = (text: string): string =>
  text
    .split('```')
    .map((part, i) =>
      i % 2 === 1
        ? `<pre>${escaped(part.slice(part.indexOf('\n') + 1))}</pre>`
        : part
            .split('\n\n')
            .filter((line) => line.trim() !== '')
            .map((line) => `<p>${prose(line)}</p>`)
            .join('\n'),
    )
    .join('\n')

const prose = (text: string): string =>
  escaped(text)
    .replaceAll(/\*\*([^*]+)\*\*/g, '<b>$1</b>')
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>')

const fieldsOf = (value: Value | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
