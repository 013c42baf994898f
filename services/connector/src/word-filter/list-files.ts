import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@chat/runtime'
import { codePointsOf, foldText } from '@chat/schemas/protocol'
import { createWordList, type WordList } from './word-list.ts'

/** Files of a folder, at most: one a language. */
const filesMax = 100
/** All of them together, bytes. */
const bytesMax = 1024 * 1024
/** All of them together: making the list holds up the connector for some 50 µs a word. */
const wordsMax = 10_000
const wordCodePointsMax = 64

/**
 * The list that the files `*.txt` of a folder make, one a language: UTF-8, one word or phrase a line; empty lines and those that begin
 * with `#` say nothing. Throws Fault `word_list_invalid`, not retryable, that names the file and what is wrong with it: unreadable, not
 * UTF-8, empty, too large, a word that nothing visible is left of.
 */
export const readWordList = async (folder: string): Promise<WordList> => {
  const paths = await wordFiles(folder)
  const words: string[] = []
  let bytes = 0
  for (const path of paths) {
    bytes += (await attempt(path, () => stat(path))).size
    if (bytes > bytesMax) throw invalid(path, `brings the word lists above ${bytesMax} bytes`)
    const found = wordsOf(path, await attempt(path, () => readFile(path)))
    if (words.length + found.length > wordsMax) throw invalid(path, `brings the word lists above ${wordsMax} words`)
    words.push(...found)
  }
  return createWordList(words)
}

/** What tells whether the files are others than they were: names, sizes and times. A folder that cannot be read is told by its error. */
export const fingerprintOf = async (folder: string): Promise<string> => {
  try {
    const files = await wordFiles(folder)
    const stats = await Promise.all(files.map((path) => stat(path)))
    return files.map((path, index) => `${path} ${stats[index]?.size} ${stats[index]?.mtimeMs}`).join('\n')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const wordFiles = async (folder: string): Promise<readonly string[]> => {
  const names = (await attempt(folder, () => readdir(folder))).filter((name) => name.endsWith('.txt')).sort()
  if (names.length === 0) throw invalid(folder, 'has no file *.txt')
  if (names.length > filesMax) throw invalid(folder, `has more than ${filesMax} files *.txt`)
  return names.map((name) => join(folder, name))
}

const wordsOf = (path: string, bytes: Uint8Array): readonly string[] => {
  const words: string[] = []
  for (const [index, line] of decode(path, bytes)
    .split(/\r\n|\n|\r/)
    .entries()) {
    const word = line.trim()
    if (word === '' || word.startsWith('#')) continue
    if (codePointsOf(word) > wordCodePointsMax)
      throw invalid(path, `line ${index + 1} has more than ${wordCodePointsMax} characters`)
    if (foldText(word).trim() === '' || word.includes('\0'))
      throw invalid(path, `line ${index + 1} is no word: nothing visible, or control characters`)
    words.push(word)
  }
  if (words.length === 0) throw invalid(path, 'has no word')
  return words
}

const decode = (path: string, bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw invalid(path, 'is not UTF-8', error)
  }
}

const attempt = async <T>(path: string, run: () => Promise<T>): Promise<T> => {
  try {
    return await run()
  } catch (error) {
    throw invalid(path, `cannot be read (${error instanceof Error ? error.message : String(error)})`, error)
  }
}

const invalid = (path: string, what: string, cause?: unknown): Fault =>
  new Fault('word_list_invalid', `word list ${path} ${what}`, { isRetryable: false, cause })
