import { typingShownMs } from '@chat/schemas/protocol'
import { expect, test } from 'vitest'
import { connect, createReadyWorld } from '../test-world.ts'

const seconds = 1_000
const nothing = { receipts: [], typing: [] }
const typingOf = (isTyping: boolean, users: readonly number[] = [1], user = 2) => ({
  typing: [{ conversation: 'd1.2', user, isTyping, users }],
})

const createWorld = async () => {
  const { world, connector } = await createReadyWorld()
  const ann = await connect(world, connector, 1)
  const lease = (await world.presence.lookup([1])).locations.get(1)?.[0]
  if (lease === undefined) throw new Error('not registered')
  const tell = async (hints: object, to: TestLease = lease) => {
    await world.sendTo(to.slot, { type: 'SlotHints', ...to, ...nothing, ...hints })
    await world.clock.settle()
  }
  return { world, connector, ann, lease, tell }
}
type TestLease = { readonly slot: number; readonly epoch: number }

test('a receipt is pushed to every connection of its users', async () => {
  const { world, connector, ann, tell } = await createWorld()
  const other = await connect(world, connector, 1, { device: 9 })
  const carl = await connect(world, connector, 3)
  await tell({ receipts: [{ conversation: 'd1.2', user: 2, deliveredSeq: 5, readSeq: 4, users: [1] }] })
  const push = { op: 'receipt', conversation: 'd1.2', user: 2, deliveredSeq: 5, readSeq: 4 }
  expect([ann.pushes('receipt'), other.pushes('receipt'), carl.pushes('receipt')]).toEqual([[push], [push], []])
})

test('what is meant for another lease is dropped, and what is meant for all is for those who are here', async () => {
  const { ann, lease, tell } = await createWorld()
  const receipts = [{ conversation: 'd1.2', user: 2, deliveredSeq: 5, readSeq: 4, users: [1, 2] }]
  await tell({ receipts }, { ...lease, epoch: lease.epoch - 1 })
  expect(ann.pushes('receipt')).toEqual([])
  await tell({ receipts }, { slot: -1, epoch: 0 })
  expect(ann.pushes('receipt')).toHaveLength(1)
})

test('a cursor that was pushed is followed by no lower one', async () => {
  const { ann, tell } = await createWorld()
  const receipt = (deliveredSeq: number, readSeq: number) => ({
    receipts: [{ conversation: 'd1.2', user: 2, deliveredSeq, readSeq, users: [1] }],
  })
  for (const [deliveredSeq, readSeq] of [
    [5, 3],
    [4, 4],
    [5, 2],
  ] as const)
    await tell(receipt(deliveredSeq, readSeq))
  expect(ann.pushes('receipt')).toMatchObject([
    { deliveredSeq: 5, readSeq: 3 },
    { deliveredSeq: 5, readSeq: 4 },
  ])
})

test('who writes is shown until he stops', async () => {
  const { ann, tell } = await createWorld()
  await tell(typingOf(true))
  await tell(typingOf(false))
  expect(ann.pushes('typing')).toEqual([
    { op: 'typing', conversation: 'd1.2', user: 2, isTyping: true },
    { op: 'typing', conversation: 'd1.2', user: 2, isTyping: false },
  ])
})

test('typing ends by itself when it is not renewed, once', async () => {
  const { world, ann, tell } = await createWorld()
  await tell(typingOf(true))
  await world.clock.advance(typingShownMs - 2 * seconds)
  await tell(typingOf(true))
  await world.clock.advance(typingShownMs - 2 * seconds)
  expect(ann.pushes('typing').map(({ isTyping }) => isTyping)).toEqual([true, true])
  await world.clock.advance(4 * seconds)
  expect(ann.pushes('typing').map(({ isTyping }) => isTyping)).toEqual([true, true, false])
  await tell(typingOf(false))
  await world.clock.advance(20 * seconds)
  expect(ann.pushes('typing')).toHaveLength(3)
})

test('a hello that is not answered yet hears of nothing', async () => {
  const { world, connector, tell } = await createWorld()
  world.presence.register = () => new Promise(() => {})
  const waiting = await connect(world, connector, 1, { device: 9 })
  await tell(typingOf(true))
  expect(waiting.pushes('typing')).toEqual([])
})
