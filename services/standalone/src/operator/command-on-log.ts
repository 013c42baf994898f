import { type EventLog, isValid, type StoredRecord } from '@chat/event-log'
import { type Clock, Fault, type Random, uuidV7 } from '@chat/runtime'
import { type Command, decodeEvent, type Encoder, partitionOf, type Topics } from '@chat/schemas'
import { normaliseName } from '@chat/schemas/protocol'

/** What is to become of whom. */
export interface Change {
  readonly kind: 'grant' | 'revoke'
  readonly name: string
  /** Who does it, for the log. */
  readonly by: string
}

/** `refused` carries the code of the router. */
export type Outcome =
  | { readonly outcome: 'done'; readonly userId: number }
  | { readonly outcome: 'refused'; readonly code: string }

interface Ports {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly clock: Clock
  readonly random: Random
}

/** No router decides within this: there is none, ms. */
export const decisionTimeoutMs = 30_000
/** Nobody of the chat did it, and on no device. */
const [nobody, noDevice] = [0, '00000000-0000-0000-0000-000000000000']
/** No connector waits for the reply. */
const noReply = { replySlot: -1, replyEpoch: 0, request: 0 }

/**
 * Puts the change on the log as a command like any other, and reads the events until a router has decided it. Throws Fault `timeout`
 * when none did in time, and what the log throws: nothing is known then, and it may be asked again, because it does nothing twice.
 */
export const changeOnLog = async (change: Change, ports: Ports): Promise<Outcome> => {
  const { log, topics, encoder, clock, random } = ports
  const { kind, name, by } = change
  const normalisedName = normaliseName(name)
  const partition = partitionOf(normalisedName, topics.commands.partitions)
  const from = (await log.ends(topics.events)).get(partition) ?? 0
  const command: Command = {
    type: kind === 'grant' ? 'GrantOperator' : 'RevokeOperator',
    ...{ normalisedName, by, actor: nobody, device: noDevice },
    ...{ clientMsgId: uuidV7(clock.now(), random), ...noReply },
  }
  const { schema, value } = encoder.encode(command)
  const records = [{ key: null, value, headers: { type: command.type, schema } }]
  const { baseOffset: cmd } = await log.append({ topic: topics.commands, partition, records })
  const late = new AbortController()
  const fault = new Fault('timeout', `no router has decided within ${decisionTimeoutMs / 1000} s`)
  const cancel = clock.after(decisionTimeoutMs, () => late.abort(fault))
  try {
    for await (const events of log.tail(topics.events, partition, from, late.signal))
      for (const event of events) {
        const outcome = outcomeOf(event, cmd)
        if (outcome !== undefined) return outcome
      }
  } catch (error) {
    throw late.signal.aborted ? fault : error
  } finally {
    cancel()
  }
  throw fault
}

/** undefined: the event says nothing of this command. */
const outcomeOf = (record: StoredRecord, cmd: number): Outcome | undefined => {
  if (!isValid(record)) return undefined
  const decoded = decodeEvent(record.headers.schema ?? '', record.value)
  if (!('record' in decoded)) return undefined
  const event = decoded.record
  switch (event.type) {
    case 'OperatorGranted':
    case 'OperatorRevoked':
      return record.headers.cmd === String(cmd) ? { outcome: 'done', userId: event.userId } : undefined
    case 'CommandsRejected': {
      const rejection = event.rejections.find((rejected) => rejected.cmd === cmd)
      return rejection === undefined ? undefined : { outcome: 'refused', code: rejection.code }
    }
    default:
      return undefined
  }
}
