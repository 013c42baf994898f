import type { Acknowledged, Device, ShownEvent } from '@chat/testkit'
import { expect } from 'vitest'

/** What the tests know of a conversation from outside: who takes part and what was acknowledged. */
export interface Expected {
  readonly conversation: string
  readonly devices: readonly Device[]
  /** Per sending device, in the order of sending. */
  readonly sent: ReadonlyMap<Device, readonly Acknowledged[]>
}

const messages = (events: Iterable<ShownEvent>): readonly ShownEvent[] =>
  [...events].filter((event) => event.type === 'messagePosted').sort((a, b) => a.seq - b.seq)

/** 0 lost, 0 doubled, 0 reordered, `seq` dense: as seen by every device. */
export const expectExactlyOnce = ({ conversation, devices, sent }: Expected): void => {
  const acknowledged = [...sent.values()].flat()
  const seqOf = new Map(acknowledged.map((ack) => [ack.clientMsgId, ack.seq]))
  expect(new Set(seqOf.values()).size, `${conversation}: two acknowledged messages share a seq`).toBe(
    acknowledged.length,
  )
  for (const acks of sent.values())
    for (const [index, ack] of acks.slice(1).entries())
      expect(ack.seq, `${conversation}: a device's messages changed their order`).toBeGreaterThan(acks[index]?.seq ?? 0)
  const reference = JSON.stringify([...(devices[0]?.shown(conversation).values() ?? [])].sort((a, b) => a.seq - b.seq))
  for (const device of devices) {
    const events = [...device.shown(conversation).values()].sort((a, b) => a.seq - b.seq)
    expect(
      events.map((event) => event.seq),
      `${conversation}: seq is not dense on ${device.userId}`,
    ).toEqual(events.map((_, index) => index + 1))
    const shownIds = messages(events).map((event) => String(event.data.clientMsgId))
    expect(new Set(shownIds).size, `${conversation}: a message is shown twice on ${device.userId}`).toBe(
      shownIds.length,
    )
    const shownSeqOf = new Map(messages(events).map((event) => [String(event.data.clientMsgId), event.seq]))
    for (const [id, seq] of seqOf)
      expect(shownSeqOf.get(id), `${conversation}: an acknowledged message is lost on ${device.userId}`).toBe(seq)
    expect(JSON.stringify(events), `${conversation}: devices differ`).toBe(reference)
    expect(device.wire.contradictions).toEqual([])
    expect(device.wire.disorders, `pushes to ${device.userId} came out of order`).toEqual([])
  }
}
