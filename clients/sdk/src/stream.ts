import { ChatError } from './chat-error.ts'

/** Values that wait for a reader that is busy. One who is further behind gets ChatError `too_slow`: nothing is left out in silence. */
export const streamItemsMax = 10_000

/** What comes after this call, for `for await`; leaving the loop ends it. `subscribe` returns what unsubscribes. */
export const createStream = <Item>(
  subscribe: (listener: { next(item: Item): void; end(): void }) => () => void,
): AsyncIterableIterator<Item> => {
  const items: Item[] = []
  let waiting: ((result: IteratorResult<Item>) => void) | undefined
  let isEnded = false
  let isTooSlow = false

  const end = () => {
    isEnded = true
    unsubscribe()
    waiting?.({ done: true, value: undefined })
    waiting = undefined
  }
  const next = (item: Item) => {
    if (isEnded || isTooSlow) return
    if (waiting !== undefined) {
      const resolve = waiting
      waiting = undefined
      return resolve({ done: false, value: item })
    }
    if (items.length < streamItemsMax) return void items.push(item)
    isTooSlow = true
    unsubscribe()
  }
  const unsubscribe = subscribe({ next, end })

  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => {
      const item = items.shift()
      if (item !== undefined) return Promise.resolve({ done: false, value: item })
      if (isTooSlow) return Promise.reject(tooSlow())
      if (isEnded) return Promise.resolve({ done: true, value: undefined })
      return new Promise((resolve) => {
        waiting = resolve
      })
    },
    return: () => {
      items.length = 0
      end()
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}

const tooSlow = () => new ChatError({ code: 'too_slow', message: 'too slow a reader', retry: 'never' })
