import { forgetOldest } from '@chat/runtime'
import type { Line, Push } from './line.ts'
import type { Numbers } from './old-numbers.ts'

/** Titles that are kept for one user; the one learnt first is forgotten first. */
const titlesMax = 100

/** What groups are called, for protocols that show their messages among those of people. */
export class GroupTitles {
  private readonly line: Line
  private readonly numbers: Numbers
  private readonly known = new Map<number, string>()

  constructor(line: Line, numbers: Numbers) {
    this.line = line
    this.numbers = numbers
  }

  /** A group that changes is asked for anew. */
  hear({ op, type, conversation }: Push): void {
    if (op === 'event' && type === 'groupChanged') this.known.delete(Number(String(conversation).slice(1)))
  }

  /** What a message of the group begins with here. */
  async before(group: number, sender: string): Promise<string> {
    return `${await this.of(group)}/${sender}: `
  }

  private async of(group: number): Promise<string> {
    const known = this.known.get(group)
    if (known !== undefined) return known
    const answer = await this.line.ask('conversation', { conversation: `g${group}` })
    if (answer.op === 'error') return this.untitled(group)
    const { conversation } = answer as unknown as { conversation: { readonly title: string } }
    this.known.set(group, conversation.title)
    forgetOldest(this.known, titlesMax)
    return conversation.title
  }

  private async untitled(group: number): Promise<string> {
    const numberOf = await this.numbers.numbersOf('group', [group])
    return numberOf === undefined ? 'a group' : `group ${numberOf(group)}`
  }
}
