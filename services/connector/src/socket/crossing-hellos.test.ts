import type { Lease } from '@chat/presence'
import type { Kick } from '@chat/schemas'
import { expect, test } from 'vitest'
import { connect, createReadyWorld, deviceOf, type TestWorld } from '../test-world.ts'

/** A clock that runs with the world's, but says another time of day. */
const shifted = ({ clock }: TestWorld, byMs: number) => ({
  now: () => clock.now() + byMs,
  monotonic: () => clock.monotonic(),
  after: clock.after,
})

const twoHoursMs = 2 * 60 * 60_000

test.each([
  ['agree', 0],
  ['differ: the newer hello’s is two hours behind', -twoHoursMs],
  ['differ: the newer hello’s is two hours ahead', twoHoursMs],
])(
  'a hello on another connector closes the older connection and never the newer one, whose clocks %s',
  async (_, skewMs) => {
    const { world, connector: a } = await createReadyWorld()
    const clock = shifted(world, skewMs)
    const b = world.connector({ clock })
    await b.service.start()
    await world.clock.advance(1_500)
    const older = await connect(world, a, 1, { device: 9 })
    const newer = await connect(world, b, 1, { device: 9, clock })
    await world.clock.advance(100)
    expect([older.closedWith?.code, newer.closedWith, newer.isOpen]).toEqual([4409, undefined, true])
    const back = await connect(world, a, 1, { device: 9 })
    await world.clock.advance(100)
    expect([newer.closedWith?.code, back.isOpen]).toEqual([4409, true])
  },
)

/** What another connector knows of a hello of the same device, and a gate before presence answers the one here. */
const crossing = async () => {
  const { world, connector } = await createReadyWorld()
  await connector.service.stop()
  const gate = Promise.withResolvers<void>()
  const held: Lease[] = []
  const here = world.connector({
    presence: {
      ...world.presence,
      lease: async (info) => {
        held.push(await world.presence.lease(info))
        return held[0] ?? Promise.reject(new Error('no lease'))
      },
      register: async (...args) => {
        const order = await world.presence.register(...args)
        await gate.promise
        return order
      },
    },
  })
  await here.service.start()
  const elsewhere = await world.presence.lease({ id: 'x', socketUrl: '', connections: 0, capacity: 1, isReady: true })
  const registerElsewhere = () => world.presence.register(elsewhere, [1], 0)
  const tell = (order: number) => {
    const { slot = 0, epoch = 0 } = held[0] ?? {}
    // The other side's clock says that its hello is by far the newer one: that decides nothing.
    const at = world.clock.now() + twoHoursMs
    const kick: Kick = { type: 'Kick', slot, epoch, user: 1, device: deviceOf(1), connection: 'x.1', at, order }
    return world.sendTo(slot, kick)
  }
  return { world, here, gate, registerElsewhere, tell }
}

test.each([
  ['before', true],
  ['after', false],
])(
  'of two hellos that cross the one registered later stays, told of %s presence answered its own',
  async (_, isBefore) => {
    const { world, here, gate, registerElsewhere, tell } = await crossing()
    const order = await registerElsewhere()
    if (!isBefore) gate.resolve()
    const newer = await connect(world, here, 1)
    await tell(order)
    await world.clock.settle()
    gate.resolve()
    await world.clock.settle()
    expect({ isOpen: newer.isOpen, answers: newer.answers(0) }).toMatchObject({ isOpen: true, answers: [{ op: 'ok' }] })
  },
)

test.each([
  ['before', true],
  ['after', false],
])(
  'of two hellos that cross the one registered earlier goes, told of %s presence answered its own',
  async (_, isBefore) => {
    const { world, here, gate, registerElsewhere, tell } = await crossing()
    if (!isBefore) gate.resolve()
    const older = await connect(world, here, 1)
    await tell(await registerElsewhere())
    await world.clock.settle()
    gate.resolve()
    await world.clock.settle()
    expect(older.closedWith?.code).toBe(4409)
  },
)

test.each([
  ['behind', -twoHoursMs],
  ['ahead', twoHoursMs],
])(
  'a hello of a while without presence is older than one of later and newer than one of before, by a clock two hours %s',
  async (_, skewMs) => {
    const { world, connector: other } = await createReadyWorld()
    const clock = shifted(world, skewMs)
    const skewed = world.connector({ clock })
    await skewed.service.start()
    const before = await connect(world, other, 1, { device: 9 })
    world.presence.goAway()
    await world.sayAway(3)
    const meanwhile = await connect(world, skewed, 1, { device: 9, clock })
    await world.clock.advance(100)
    expect([before.closedWith?.code, meanwhile.isOpen]).toEqual([4409, true])
    world.presence.comeBack()
    await world.clock.advance(2_000)
    const later = await connect(world, other, 1, { device: 9 })
    await world.clock.advance(100)
    expect([meanwhile.closedWith?.code, later.isOpen]).toEqual([4409, true])
  },
)

test('a hello that is told of late is older than one that came without presence and was registered since', async () => {
  const { world, connector } = await createReadyWorld()
  const device = deviceOf(9)
  const order = world.clock.now()
  await world.clock.advance(1_500)
  world.presence.goAway()
  await world.sayAway(3)
  const newer = await connect(world, connector, 1, { device: 9 })
  world.presence.comeBack()
  await world.clock.advance(2_000)
  await world.sendTo(-1, { type: 'Kick', slot: -1, epoch: 0, user: 1, device, connection: 'x.1', at: order, order })
  await world.clock.settle()
  expect(newer.isOpen).toBe(true)
})
