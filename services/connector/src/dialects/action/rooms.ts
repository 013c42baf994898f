import { forgetOldest } from '@chat/runtime'
import { parseConversation } from '@chat/schemas'
import type { Api } from '../../ports.ts'
import type { Line } from '../line.ts'

/** Names of rooms kept for one client; the one learnt first is forgotten first. A name is for ever. */
const namesMax = 1_000

/** These clients know rooms by name. A group without one is called by its id. */
export class Rooms {
  private readonly line: Line
  private readonly api: Pick<Api, 'dialects'>
  /** By conversation. */
  private readonly names = new Map<string, string>()

  constructor(line: Line, api: Pick<Api, 'dialects'>) {
    this.line = line
    this.api = api
  }

  /** undefined: there is no such room. */
  async conversationOf(name: string): Promise<string | undefined> {
    const found = await this.api.dialects.groupNamed(name)
    if (found !== undefined) return found
    return parseConversation(name)?.kind === 'group' ? name : undefined
  }

  async nameOf(conversation: string): Promise<string> {
    const known = this.names.get(conversation)
    if (known !== undefined) return known
    const answer = await this.line.ask('conversation', { conversation })
    if (answer.op === 'error') return conversation
    const { name = conversation } = (answer as unknown as { conversation: { readonly name?: string } }).conversation
    this.names.set(conversation, name)
    forgetOldest(this.names, namesMax)
    return name
  }
}
