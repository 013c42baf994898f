import type { AccountRow, ReadModels } from '@chat/read-models'
import type { Request } from './arguments.ts'
import type { Change, ChangeOutcome } from './command-on-log.ts'

interface Answered {
  readonly isDone: boolean
  /** For the person who asked. */
  readonly lines: readonly string[]
}

export interface OperatorDesk {
  readonly readModels: Pick<ReadModels, 'operators'>
  readonly change: (change: Change) => Promise<ChangeOutcome>
}

/** Operators of one page of the read models. */
const pageItems = 100

/** Does what was asked on the machine, and says what came of it. `by`: who asked. */
export const answerOperatorRequest = async (
  request: Request,
  by: string,
  { readModels, change }: OperatorDesk,
): Promise<Answered> => {
  if (request.kind === 'list') return { isDone: true, lines: await listOf(readModels) }
  const { kind, name } = request
  const outcome = await change({ kind, name, by })
  if (outcome.outcome === 'done')
    return { isDone: true, lines: [`${name} (id ${outcome.userId}) is ${kind === 'grant' ? 'an' : 'no'} operator now`] }
  return {
    isDone: false,
    lines: [outcome.code === 'no_such_user' ? `nobody is called ${name}` : `refused: ${outcome.code}`],
  }
}

const listOf = async (readModels: Pick<ReadModels, 'operators'>): Promise<readonly string[]> => {
  const lines: string[] = []
  let after: string | undefined
  do {
    const page = await readModels.operators(after, pageItems)
    lines.push(...page.items.map(lineOf))
    after = page.next
  } while (after !== undefined)
  return lines.length > 0 ? lines : ['nobody is an operator']
}

const lineOf = ({ user, operatorSince }: AccountRow): string =>
  `${user.name} (id ${user.id}) since ${new Date(operatorSince ?? 0).toISOString()}`
