import { expect, test } from 'vitest'
import { type PageBounds, pagesOf } from './pages.ts'

/** A list of so many numbers, asked page by page. */
const listOf = (count: number) => {
  const asked: PageBounds[] = []
  const read = async (bounds: PageBounds) => {
    asked.push(bounds)
    const from = Number(bounds.after ?? 0)
    const to = Math.min(from + bounds.limit, count)
    const items = Array.from({ length: to - from }, (_, index) => from + index)
    return to < count ? { items, next: String(to) } : { items }
  }
  return { asked, read }
}

const taken = async (count: number, most?: number) => {
  const { asked, read } = listOf(count)
  const items: number[] = []
  for await (const page of pagesOf(read, most)) items.push(...page.items)
  return { items: items.length, asked }
}

test('page by page to the last one', async () => {
  expect(await taken(0)).toEqual({ items: 0, asked: [{ limit: 100 }] })
  expect(await taken(250)).toEqual({
    items: 250,
    asked: [{ limit: 100 }, { limit: 100, after: '100' }, { limit: 100, after: '200' }],
  })
})

test('no more than is wanted, and no page behind it', async () => {
  expect(await taken(250, 100)).toEqual({ items: 100, asked: [{ limit: 100 }] })
  expect(await taken(250, 130)).toEqual({ items: 130, asked: [{ limit: 100 }, { limit: 30, after: '100' }] })
})
