import type { ClientEvent } from '@chat/schemas'
import type { WordList } from './word-list.ts'
import { maskTexts } from './written-texts.ts'

/** What is done about listed words, by the list of the moment. */
export interface WordFilter {
  /** There is no list: everything passes as it is. */
  readonly isOff: boolean
  /** As clients see it. The log keeps what was written, so a new list is true of the past at once. */
  mask(text: string): string
  /** The same of all texts that a thing has; the same object when nothing is masked. */
  maskTexts<T extends object>(shown: T): T
  maskEvent<E extends Pick<ClientEvent, 'data'>>(event: E): E
  /** Whether a text may not be written. */
  refuses(text: string): boolean
  /** Whether a text has a listed word. */
  hasWord(text: string): boolean
}

/** What whoever writes a listed word is told. */
export const refusedWordMessage = 'it has a word that may not be written here'

/** `mask`: listed words are masked. `refuse`: who writes one is refused; what was written before they were listed is masked. */
export const createWordFilter = (mode: 'mask' | 'refuse', list: () => WordList): WordFilter => {
  const mask = (text: string) => list().mask(text)
  return {
    isOff: false,
    mask,
    maskTexts: (shown) => maskTexts(shown, mask),
    maskEvent: (event) => {
      const data = maskTexts(event.data, mask)
      return data === event.data ? event : { ...event, data }
    },
    refuses: (text) => mode === 'refuse' && list().hasWord(text),
    hasWord: (text) => list().hasWord(text),
  }
}

/** No list: everything passes as it is. */
export const noWordFilter: WordFilter = {
  isOff: true,
  mask: (text) => text,
  maskTexts: (shown) => shown,
  maskEvent: (event) => event,
  refuses: () => false,
  hasWord: () => false,
}
