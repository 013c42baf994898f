import type { MentionCandidates } from '@chat/schemas'
import { type MessageBody, mentionPlacesMax, nameCodePointsMax, normaliseName } from '@chat/schemas/protocol'
import type { Directory } from '../../directory.ts'

/**
 * Whom a text can mean: at each `@` that does not stand in a word, everybody whose name follows and ends where a word does, the longest
 * name first. Names may hold spaces, so that only the members decide which one is meant: the router does. A text without `@` asks nothing.
 */
export const mentionsOf = async (
  body: MessageBody,
  directory: Pick<Directory, 'usersByNames'>,
): Promise<readonly MentionCandidates[] | 'unavailable'> => {
  const places = body.kind === 'text' ? placesOf(body.text) : []
  if (places.length === 0) return []
  const ids = await directory.usersByNames([...new Set(places.flat())])
  if (ids === 'unavailable') return ids
  return places
    .map((names) => ({ users: [...new Set(names.flatMap((name) => ids.get(name) ?? []))] }))
    .filter(({ users }) => users.length > 0)
}

export const mayMention = (body: MessageBody): boolean => body.kind === 'text' && body.text.includes('@')

/** Of each place the normalised names that may stand there, the longest first. */
const placesOf = (text: string): readonly (readonly string[])[] => {
  const places: string[][] = []
  for (let at = text.indexOf('@'); at >= 0 && places.length < mentionPlacesMax; at = text.indexOf('@', at + 1)) {
    if (isWord(lastOf(text.slice(Math.max(0, at - 2), at)))) continue
    const names = namesAt(text.slice(at + 1, at + 1 + 2 * (nameCodePointsMax + 1)))
    if (names.length > 0) places.push(names)
  }
  return places
}

const namesAt = (text: string): string[] => {
  const points = [...text]
  const names: string[] = []
  if (/^\s/u.test(text)) return names
  for (let end = Math.min(points.length, nameCodePointsMax); end > 0; end--) {
    const [last, next] = [points[end - 1] ?? '', points[end]]
    if (/\s/u.test(last) || !isEnd(last, next)) continue
    names.push(normaliseName(points.slice(0, end).join('')))
  }
  return [...new Set(names)]
}

/** Words end where a letter does not follow a letter, and anywhere in scripts that put no space between words. */
const isEnd = (last: string, next: string | undefined): boolean =>
  next === undefined || !isWord(last) || !isWord(next) || isUnspaced(last) || isUnspaced(next)

const isWord = (point: string): boolean => /^[\p{L}\p{N}\p{M}_]$/u.test(point)
const isUnspaced = (point: string): boolean =>
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]$/u.test(
    point,
  )
const lastOf = (text: string): string => [...text].at(-1) ?? ''
