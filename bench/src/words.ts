/** Words as people use them: few often, most seldom, one message of ten in a script without spaces. */
const vocabulary = 20_000
const wordsOfMessage = 10
const denseShare = 0.1
const denseCharacters = 1_500
const firstDense = 0x4e00
const syllables = ['ba', 'de', 'fi', 'go', 'ku', 'la', 'me', 'ni', 'po', 'ru', 'sa', 'te', 'vi', 'wo', 'xu', 'ya']

const wordOf = (rank: number): string => {
  let word = ''
  for (let rest = rank + syllables.length; rest > 0; rest = Math.floor(rest / syllables.length))
    word += syllables[rest % syllables.length]
  return word
}

/** The lower the rank the likelier. */
const drawn = (most: number): number => Math.floor(most * Math.random() ** 3)

const dense = (length: number): string =>
  Array.from({ length }, () => String.fromCodePoint(firstDense + drawn(denseCharacters))).join('')

export const someText = (): string =>
  Math.random() < denseShare
    ? dense(2 * wordsOfMessage)
    : Array.from({ length: wordsOfMessage }, () => wordOf(drawn(vocabulary))).join(' ')

/** What somebody looks for: a word, two, or two characters. */
export const someQuery = (): string => {
  if (Math.random() < denseShare) return dense(2)
  const words = Array.from({ length: Math.random() < 0.3 ? 2 : 1 }, () => wordOf(drawn(vocabulary)))
  return words.join(' ')
}
