/** A place in the event log, as clients hold it: opaque to them, `<partition>.<pos>` in base64url. */
export const encodePosition = (position: { readonly partition: number; readonly pos: number }): string =>
  Buffer.from(`${position.partition}.${position.pos}`).toString('base64url')

/** undefined: not a position token. */
export const decodePosition = (token: string): { readonly partition: number; readonly pos: number } | undefined => {
  const match = /^(\d{1,6})\.(\d{1,16})$/.exec(Buffer.from(token, 'base64url').toString('latin1'))
  if (match === null) return undefined
  const position = { partition: Number(match[1]), pos: Number(match[2]) }
  return Number.isSafeInteger(position.pos) ? position : undefined
}
