import type { FastifyRequest } from 'fastify'

/** The reads of PROTOCOL §1: which request frame each path stands for, and what its parameters become. */
interface Read {
  readonly path: string
  readonly op: string
  /** Path parameter → field of the frame. */
  readonly param?: { readonly field: string; readonly kind: 'text' | 'number' }
  /** Query parameters that are numbers in the frame; all others are text. */
  readonly numbers?: readonly string[]
}

export const reads: readonly Read[] = [
  { path: '/v1/me', op: 'me' },
  { path: '/v1/users', op: 'users', numbers: ['limit'] },
  { path: '/v1/users/:id', op: 'user', param: { field: 'id', kind: 'number' } },
  { path: '/v1/conversations', op: 'conversations', numbers: ['limit'] },
  { path: '/v1/conversations/:id', op: 'conversation', param: { field: 'conversation', kind: 'text' } },
  {
    path: '/v1/conversations/:id/members',
    op: 'members',
    param: { field: 'conversation', kind: 'text' },
    numbers: ['limit'],
  },
  {
    path: '/v1/conversations/:id/events',
    op: 'history',
    param: { field: 'conversation', kind: 'text' },
    numbers: ['before', 'after', 'limit'],
  },
]

export interface ReadRequest {
  readonly frame: Readonly<Record<string, unknown>>
  readonly minPos: string | undefined
}

/**
 * The frame that a request stands for. Unknown and repeated query parameters become fields that the frame's schema refuses, so
 * they are `invalid` like unknown fields of a frame; one named like what the path says does not replace it.
 */
export const readRequest = (read: Read, request: FastifyRequest): ReadRequest => {
  const { minPos, ...query } = request.query as Record<string, unknown>
  const fields = Object.entries(query).map(([name, value]) => [
    name,
    read.numbers?.includes(name) ? number(value) : value,
  ])
  const { param } = read
  const id = (request.params as Record<string, string>).id
  const own = param === undefined ? {} : { [param.field]: param.kind === 'number' ? number(id) : id }
  const fixed = { ...own, op: read.op, ref: 0 }
  const taken = Object.keys(query).filter((name) => Object.hasOwn(fixed, name))
  const unknown = Object.fromEntries(taken.map((name) => [`?${name}`, query[name]]))
  return { frame: { ...Object.fromEntries(fields), ...unknown, ...fixed }, minPos: minPosOf(minPos) }
}

/** A repeated one is not a position: what is made of it is refused as every malformed one. */
export const minPosOf = (value: unknown): string | undefined => (value === undefined ? undefined : String(value))

/** Text that is no number is left as it is: the frame's schema refuses it. */
const number = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
