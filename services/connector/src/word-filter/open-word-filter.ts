import { type Clock, every, isFault, type Logger } from '@chat/runtime'
import { fingerprintOf, readWordList } from './list-files.ts'
import { createWordFilter, noWordFilter, type WordFilter } from './word-filter.ts'

/** How often the files are looked at, ms. A change is taken over when it was the same for two looks: nobody reads half a file. */
export const wordListPollMs = 2_000

interface Options {
  readonly wordFilter: 'off' | 'mask' | 'refuse'
  readonly wordFilterDir: string
}

export interface OpenWordFilter extends WordFilter {
  close(): void
}

/**
 * The filter that the settings ask for, with the files of its folder, which it goes on looking at: changed files are in force within two
 * looks, without a restart. Throws Fault `word_list_invalid` when they cannot be used at first; later they are only warned of, once a
 * change, and the list in force stays.
 */
export const openWordFilter = async (
  { wordFilter: mode, wordFilterDir: folder }: Options,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<OpenWordFilter> => {
  if (mode === 'off') return { ...noWordFilter, close: () => {} }
  let inForce = await fingerprintOf(folder)
  let seen = inForce
  let list = await readWordList(folder)
  logger.info({ words: list.size, mode }, 'word list read')

  const look = async () => {
    const before = seen
    seen = await fingerprintOf(folder)
    if (seen === inForce || seen !== before) return
    inForce = seen
    try {
      list = await readWordList(folder)
      logger.info({ words: list.size }, 'word list read again')
    } catch (error) {
      if (!isFault(error, 'word_list_invalid')) throw error
      logger.warn({ err: error }, 'word list not usable: the one before stays in force')
    }
  }
  const close = every(clock, wordListPollMs, look)
  return { ...createWordFilter(mode, () => list), close }
}
