import type { LogEvent } from '@chat/schemas'

/** Watches a log for what was refused for good and done all the same. */
export interface RefusalWatch {
  /** The next event of the log that counts, and where it stands. */
  take(event: LogEvent, where: string): void
  /** A sentence each. */
  readonly contradicted: readonly string[]
}

/** Who has heard such a refusal has told his user: whatever the state has become since, the command is not done any more. [G11] */
export const watchRefusals = (): RefusalWatch => {
  const refusals = new Map<string, string>()
  const contradicted: string[] = []
  const keyOf = ({ actor, device, clientMsgId }: RequestId) => [actor, device, clientMsgId].join(' ')
  return {
    contradicted,
    take: (event, where) => {
      if (event.type === 'CommandsRejected') {
        for (const { refused, code } of event.rejections)
          if (refused !== null) refusals.set(keyOf(refused), `${where} refused ${code}`)
      } else if ('device' in event) {
        const refusal = refusals.get(keyOf(event))
        if (refusal !== undefined) contradicted.push(`${event.clientMsgId}: ${refusal}, and ${where} is ${event.type}`)
      }
    },
  }
}

interface RequestId {
  readonly actor: number
  readonly device: string
  readonly clientMsgId: string
}
