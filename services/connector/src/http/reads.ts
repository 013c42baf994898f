import type { HttpRead } from '@chat/schemas/protocol'
import type { FastifyRequest } from 'fastify'

export interface ReadRequest {
  readonly frame: Readonly<Record<string, unknown>>
  readonly minPos: string | undefined
}

/**
 * The frame that a request stands for. Unknown and repeated query parameters become fields that the frame's schema refuses, so
 * they are `invalid` like unknown fields of a frame; one named like what the path says does not replace it.
 */
export const readRequest = (read: HttpRead, request: FastifyRequest): ReadRequest => {
  const { minPos, ...query } = request.query as Record<string, unknown>
  const fields = Object.entries(query).map(([name, value]) => [
    nameIn(read, name),
    read.numbers?.includes(name) ? numberOf(value) : value,
  ])
  const { param } = read
  const id = (request.params as Record<string, string>).id
  const own = param === undefined ? {} : { [param.field]: param.kind === 'number' ? numberOf(id) : id }
  const fixed = { ...own, op: read.op, ref: 0 }
  const taken = Object.keys(query).filter((name) => Object.hasOwn(fixed, name))
  const unknown = Object.fromEntries(taken.map((name) => [`?${name}`, query[name]]))
  return { frame: { ...Object.fromEntries(fields), ...unknown, ...fixed }, minPos: minPosOf(minPos) }
}

/** A field cannot be given under its own name beside the parameter that stands for it: that is refused as unknown. */
const nameIn = ({ renamed = {} }: HttpRead, name: string): string => {
  if (Object.hasOwn(renamed, name)) return renamed[name] ?? name
  return Object.values(renamed).includes(name) ? `?${name}` : name
}

/** A repeated one is not a position: what is made of it is refused as every malformed one. */
export const minPosOf = (value: unknown): string | undefined => (value === undefined ? undefined : String(value))

/** Text that is no number is left as it is: the frame's schema refuses it. */
export const numberOf = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
