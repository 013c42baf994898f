import type { UserId } from './decision.ts'

/** How far a user is in a conversation. */
interface Mark {
  readonly deliveredSeq: number
  readonly readSeq: number
}

/** The newest marks that were told; the one that moved longest ago is forgotten first. */
export interface Marks {
  /** The user's mark by the greatest of his devices; undefined: it is where it was. */
  advance(receipt: Mark & { readonly conversation: string; readonly user: UserId }): Mark | undefined
}

/** `marksMax`: marks kept at most. One that was forgotten starts anew from what the next receipt says, which may be lower. */
export const createMarks = (marksMax: number): Marks => {
  const marks = new Map<string, Mark>()
  return {
    advance: ({ conversation, user, deliveredSeq, readSeq }) => {
      const key = `${conversation}|${user}`
      const before = marks.get(key)
      const mark = {
        deliveredSeq: Math.max(before?.deliveredSeq ?? 0, deliveredSeq),
        readSeq: Math.max(before?.readSeq ?? 0, readSeq),
      }
      if (before?.deliveredSeq === mark.deliveredSeq && before.readSeq === mark.readSeq) return undefined
      marks.delete(key)
      marks.set(key, mark)
      if (marks.size > marksMax)
        for (const oldest of marks.keys()) {
          marks.delete(oldest)
          break
        }
      return mark
    },
  }
}
