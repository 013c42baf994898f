import type { RequestFrame } from '@chat/schemas/protocol'

/** What a person writes in a request that others will read, whatever the operation: a listed word in any of these is refused. */
export const writtenTexts = (frame: RequestFrame): readonly string[] => {
  const fields = frame as Readonly<Record<string, unknown>>
  const texts = writtenFields.map((field) => fields[field])
  // A name here is given by the request, not looked for.
  if (frame.op === 'group.create') texts.push(fields.name)
  const { body } = fields
  if (typeof body === 'object' && body !== null && 'text' in body) texts.push(body.text)
  return texts.filter((text) => typeof text === 'string')
}

const writtenFields = ['title', 'description', 'note', 'displayName', 'about'] as const
