import { pageItemsDefault, pageItemsMax } from '@chat/schemas/protocol'

/** Which page of a list a frame asks for. */
export const pageOf = (frame: { readonly after?: string; readonly limit?: number }) => ({
  after: frame.after === '' ? undefined : frame.after,
  limit: Math.min(frame.limit ?? pageItemsDefault, pageItemsMax),
})
