import { isValid, type Offset } from '@chat/event-log'
import { decodeCommand, decodeEvent } from '@chat/schemas'
import { recordsOf } from './dumps.ts'
import type { World } from './world.ts'

/**
 * Every command that the log of events has passed has one outcome there: its events side by side, or one refusal, or, where it only repeated
 * what was done, none. A router that reads commands again, or leaves one out, shows here even if nobody was harmed. [G11]
 */
export const outcomesWrong = (world: World): readonly string[] => {
  const { commands } = world.topics
  return Array.from({ length: commands.partitions }, (_, partition) => wrongOf(world, partition)).flat()
}

const wrongOf = (world: World, partition: number): readonly string[] => {
  const { outcomes, ids, wrong, rebased } = readOutcomes(world, partition)
  const resume = Math.max(-1, ...outcomes.keys()) + 1
  // Who asked for what stands in the place of a lost command gets no answer, and asks again.
  const isInPlaceOfLost = (offset: Offset) =>
    world.lostCommands.some((lost) => lost.partition === partition && offset >= lost.from && offset < lost.to)
  for (const { offset, headers, value } of recordsOf(world, world.topics.commands, partition)) {
    if (offset < rebased || offset >= resume || outcomes.has(offset) || isInPlaceOfLost(offset)) continue
    const decoded = decodeCommand(headers.schema ?? '', value)
    if (!('record' in decoded) || !ids.has(decoded.record.clientMsgId))
      wrong.push(`command ${offset} of partition ${partition} was passed over`)
  }
  return wrong
}

const readOutcomes = (world: World, partition: number) => {
  const wrong: string[] = []
  /** cmd → where the last of its events, or its refusal, is. */
  const outcomes = new Map<Offset, { readonly pos: Offset; readonly isRefusal: boolean }>()
  const ids = new Set<string>()
  let rebased = 0
  const note = (cmd: Offset, pos: Offset, isRefusal: boolean) => {
    const before = outcomes.get(cmd)
    const continues = before !== undefined && !before.isRefusal && !isRefusal && before.pos === pos - 1
    if (before !== undefined && !continues)
      wrong.push(`command ${cmd} of partition ${partition} has outcomes at ${before.pos} and ${pos}`)
    outcomes.set(cmd, { pos, isRefusal })
  }
  for (const record of recordsOf(world, world.topics.events, partition)) {
    const decoded = isValid(record) ? decodeEvent(record.headers.schema ?? '', record.value) : undefined
    if (decoded === undefined || !('record' in decoded) || decoded.record.type === 'LogOpened') continue
    const event = decoded.record
    if (event.type === 'CommandsRebased') {
      rebased = event.next
      outcomes.clear()
      continue
    }
    if (event.type === 'CommandsRejected') for (const { cmd } of event.rejections) note(cmd, record.offset, true)
    else note(Number(record.headers.cmd), record.offset, false)
    if ('clientMsgId' in event) ids.add(event.clientMsgId)
  }
  return { outcomes, ids, wrong, rebased }
}
