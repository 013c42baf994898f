import { type EventLog, isValid } from '@chat/event-log'
import { decodeEvent } from '@chat/schemas'
import type { TestWorld } from '@chat/testkit'
import { eachRecord } from '../e2e/read-models.ts'
import type { Accepted } from './check.ts'

/** The texts that are on the log, each conversation in its order. */
export const readAccepted = async (log: EventLog, { topics }: TestWorld): Promise<readonly Accepted[]> => {
  const accepted: Accepted[] = []
  for (const [partition, end] of await log.ends(topics.events))
    await eachRecord(log, topics.events, partition, end, (record) => {
      if (!isValid(record)) return
      const decoded = decodeEvent(String(record.headers.schema), record.value)
      if (!('record' in decoded)) throw new Error(`event ${partition}/${record.offset}: ${decoded.detail}`)
      const event = decoded.record
      if (event.type !== 'MessagePosted') return
      accepted.push({ actor: event.actor, conversation: event.conversation, text: spoken(event.body) })
    })
  return accepted
}

/** What `unit` sends is bytes, and a text all the same where they are one. */
const spoken = (body: Uint8Array): string => JSON.parse(Buffer.from(body).toString('utf8')).text
