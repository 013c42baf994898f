/** What the server gives at once, at most. */
const pageItemsMax = 100

export interface PageBounds {
  readonly limit: number
  /** `next` of the page before; absent: the first page. */
  readonly after?: string
}

/** One page of a list after the other, to its last, or until `most` items came; no page is asked for that is not wanted. */
export async function* pagesOf<Page extends { readonly items: readonly unknown[]; readonly next?: string }>(
  read: (bounds: PageBounds) => Promise<Page>,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<Page> {
  let left = most
  for (let after: string | undefined; left > 0; ) {
    const page = await read({ limit: Math.min(left, pageItemsMax), ...(after === undefined ? {} : { after }) })
    yield page
    if (page.next === undefined) return
    left -= page.items.length
    after = page.next
  }
}
