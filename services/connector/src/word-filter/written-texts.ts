/**
 * Every field that holds what a person wrote for others, in requests, events and read models alike: masked when it is shown, and where the
 * word filter refuses, refused when it is written. `text` is that of a message, a found one and a notice. Not here: names, which people are
 * known by and find each other with; `custom` bodies, which are a program's; the reasons of reports and suspensions, which operators
 * alone read, as they were written.
 */
const textFields = ['text', 'title', 'description', 'note', 'displayName', 'about'] as const

type Fields = Readonly<Record<string, unknown>>

/** What a request would have others read, whatever the operation. */
export const writtenTexts = (request: object): readonly string[] => {
  const fields = request as Fields
  const texts = [fields, bodyOf(fields)].flatMap((part) => textFields.map((field) => part[field]))
  // A name here is given by the request, not looked for.
  if (fields.op === 'group.create') texts.push(fields.name)
  return texts.filter((text) => typeof text === 'string')
}

/** What is shown, with every text of it masked, the body's too. The same object when nothing is. */
export const maskTexts = <T extends object>(shown: T, mask: (text: string) => string): T => {
  const masked = maskFields(shown, mask)
  const body = bodyOf(shown as Fields)
  const maskedBody = maskFields(body, mask)
  return maskedBody === body ? masked : { ...masked, body: maskedBody }
}

const maskFields = <T extends object>(shown: T, mask: (text: string) => string): T => {
  const fields = shown as Fields
  const changed: Record<string, unknown> = {}
  for (const field of textFields) {
    const text = fields[field]
    if (typeof text !== 'string') continue
    const masked = mask(text)
    if (masked !== text) changed[field] = masked
  }
  return Object.keys(changed).length === 0 ? shown : { ...shown, ...changed }
}

const bodyOf = ({ body }: Fields): Fields => (typeof body === 'object' && body !== null ? (body as Fields) : nothing)
const nothing: Fields = {}
