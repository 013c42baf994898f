import type { ErrorCode } from './codes.ts'

/** What the validator says first, with the place, in one sentence for the client's developer. */
export const problemOf = (errors: readonly { readonly instancePath: string; readonly message: string }[]): string => {
  const first = errors[0]
  if (first === undefined) return 'not valid'
  const place = first.instancePath.slice(0, placeCharsMax)
  return place === '' ? first.message : `${place}: ${first.message}`
}

/** The path holds the client's own field names: enough to find it, no more. */
const placeCharsMax = 100

/** A parsed body, or why there is none. */
export type ParsedBody<T> = { readonly value: T } | { readonly error: ErrorCode; readonly message: string }
