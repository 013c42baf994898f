import { expect, test } from 'vitest'
import { protobufDialectsOf } from './protobuf-client.ts'
import { request } from './protobuf-wire.ts'
import { connectTcp } from './tcp-client.ts'
import { startWorld } from './world.ts'

const connections = 2_000
const framesEach = 10

test.each(['envelope', 'unit'] as const)(
  '%s: 20,000 frames that are changed, cut, doubled or junk harm nobody',
  async (name) => {
    const world = await startWorld({ connectors: 1 })
    const { random } = world
    const dialects = protobufDialectsOf(world)
    const innocent = connectTcp(world, dialects, name)
    const end = Buffer.alloc(name === 'envelope' ? 1 : 0)
    const register = (who: string) =>
      innocent.send(
        Buffer.concat([
          request(name === 'unit' ? 'Regist' : 'Register', [
            [1, who],
            [2, 'x'],
          ]),
          end,
        ]),
      )
    const below = (end: number) => Math.floor(random.fraction() * end)
    const pick = <T>(items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0]
    const types = {
      envelope: ['Login', 'Logout', 'getUserInfo', 'chatMessage', 'forwardMessage'],
      unit: [
        'Login',
        'AddFriend',
        'GetUserInfo',
        'GetFriendList',
        'CreateGroup',
        'ReadOfflineMsg',
        'ChatMsg',
        'ConveyMsg',
      ],
    } as const
    let annId = 0
    const good = () =>
      Buffer.concat([
        request(pick(types[name]), [
          [1, pick<string | number>([annId, annId, below(2 ** 31), 'ann', 'ann'])],
          [2, pick<string | number>([3, 'x', 'x', '你好'])],
        ]),
        end,
      ])
    const bad = (): Buffer => {
      const bytes = good()
      switch (below(5)) {
        case 0:
          return bytes.subarray(0, below(bytes.length))
        case 1:
          return Buffer.concat([bytes, bytes])
        case 2:
          return Buffer.from(random.bytes(1 + below(40)))
        case 3:
          bytes[below(bytes.length)] = below(256)
          return bytes
        default:
          return bytes
      }
    }
    register('ann')
    await world.until(() => innocent.frames.length === 1)
    annId = (await world.run(world.readModels.userByName('ann')))?.id ?? 0
    for (let one = 0; one < connections; one++) {
      const client = connectTcp(world, dialects, name)
      client.send(Buffer.concat(Array.from({ length: framesEach }, bad)))
      await world.clock.settle()
      if (one % 20 === 19) client.cut()
      else client.end()
    }
    await world.clock.advance(60_000)
    expect([innocent.isOpen, innocent.frames.length]).toEqual([true, 1])
    register('bob')
    await world.until(() => innocent.frames.length === 2)
    await world.stop()
    expect(world.failures).toEqual([])
  },
)
