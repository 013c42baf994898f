import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { protobufDialectsOf } from './protobuf-client.ts'
import { type Fields, request } from './protobuf-wire.ts'
import { connectTcp } from './tcp-client.ts'
import { startWorld } from './world.ts'

/**
 * What clients of a dialect said and were sent, byte by byte, as it once was, in hexadecimal: a stock client must be able to read it for ever. Written anew by
 * `CHAT_WRITE_GOLDEN=1`, which is right only where the protocol was misread.
 */
const golden = (name: string): URL => new URL(`golden-${name}.txt`, import.meta.url)

type Step = readonly [who: 'ann' | 'bob', type: string, fields?: Fields]

const scripts: Readonly<Record<'envelope' | 'unit', readonly Step[]>> = {
  envelope: [
    [
      'ann',
      'Register',
      [
        [1, 'ann'],
        [2, '1'],
      ],
    ],
    [
      'ann',
      'Register',
      [
        [1, '李雷'],
        [2, '2'],
      ],
    ],
    [
      'ann',
      'Register',
      [
        [1, 'ann'],
        [2, '3'],
      ],
    ],
    [
      'ann',
      'Login',
      [
        [1, 'ann'],
        [2, '3'],
      ],
    ],
    [
      'ann',
      'Login',
      [
        [1, 'ann'],
        [2, '1'],
      ],
    ],
    [
      'bob',
      'Login',
      [
        [1, 'ann'],
        [2, '1'],
      ],
    ],
    [
      'bob',
      'Login',
      [
        [1, '李雷'],
        [2, '2'],
      ],
    ],
    ['ann', 'getUserInfo'],
    [
      'ann',
      'chatMessage',
      [
        [1, 'x'],
        [2, '李雷'],
        [3, '你好'],
        [4, '2020-01-01 00:00:00'],
      ],
    ],
    [
      'ann',
      'chatMessage',
      [
        [1, 'x'],
        [2, 'nobody'],
        [3, 'hi'],
        [4, ''],
      ],
    ],
    ['bob', 'Logout', [[1, '李雷']]],
    ['bob', 'Logout', [[1, '李雷']]],
    [
      'ann',
      'chatMessage',
      [
        [1, 'ann'],
        [2, '李雷'],
        [3, 'missed'],
      ],
    ],
    [
      'ann',
      'chatMessage',
      [
        [1, 'ann'],
        [2, '李雷'],
        [3, 'missed too'],
      ],
    ],
    [
      'bob',
      'Login',
      [
        [1, '李雷'],
        [2, '2'],
      ],
    ],
    ['bob', 'getUserInfo', [[1, 'any']]],
    ['bob', 'forwardMessage', [[1, 'x']]],
  ],
  unit: [
    [
      'ann',
      'Regist',
      [
        [1, 'ann'],
        [2, '1'],
      ],
    ],
    [
      'ann',
      'Regist',
      [
        [1, '李雷'],
        [2, '2'],
      ],
    ],
    [
      'ann',
      'Regist',
      [
        [1, 'ann'],
        [2, '3'],
      ],
    ],
    [
      'ann',
      'Login',
      [
        [1, 3],
        [2, '3'],
      ],
    ],
    [
      'ann',
      'Login',
      [
        [1, 3],
        [2, '1'],
      ],
    ],
    [
      'bob',
      'Login',
      [
        [1, 4],
        [2, '2'],
      ],
    ],
    [
      'ann',
      'AddFriend',
      [
        [1, 3],
        [2, 4],
      ],
    ],
    ['ann', 'GetFriendList', [[1, 3]]],
    ['ann', 'GetUserInfo', [[1, 4]]],
    ['ann', 'GetUserInfo', [[1, 99]]],
    [
      'ann',
      'CreateGroup',
      [
        [1, 3],
        [2, '茶'],
      ],
    ],
    [
      'ann',
      'CreateGroup',
      [
        [1, 3],
        [2, '茶'],
      ],
    ],
    [
      'bob',
      'AddGroup',
      [
        [1, 4],
        [2, 8],
      ],
    ],
    [
      'bob',
      'AddGroup',
      [
        [1, 4],
        [2, 8],
      ],
    ],
    ['bob', 'GetGroupUsers', [[1, 8]]],
    [
      'ann',
      'ChatMsg',
      [
        [1, 4],
        [2, '你好'],
      ],
    ],
    [
      'ann',
      'ChatMsg',
      [
        [1, 4],
        [2, Buffer.from('ff0001', 'hex')],
      ],
    ],
    [
      'bob',
      'QuitGroup',
      [
        [1, 4],
        [2, 8],
      ],
    ],
    ['bob', 'GetGroupUsers', [[1, 8]]],
    ['bob', 'LoginOut', [[1, 4]]],
    [
      'ann',
      'ChatMsg',
      [
        [1, 4],
        [2, 'missed'],
      ],
    ],
    [
      'bob',
      'Login',
      [
        [1, 4],
        [2, '2'],
      ],
    ],
    ['bob', 'ReadOfflineMsg', [[1, 4]]],
    ['bob', 'ReadOfflineMsg', [[1, 4]]],
    [
      'bob',
      'DelteFriend',
      [
        [1, 4],
        [2, 3],
      ],
    ],
    ['bob', 'GetFriendList', [[1, 4]]],
    ['bob', 'ConveyMsg', [[1, 4]]],
  ],
}

test.each(['envelope', 'unit'] as const)('%s: the golden transcript, byte by byte', async (name) => {
  const world = await startWorld({ connectors: 1 })
  const dialects = protobufDialectsOf(world)
  const clients = { ann: connectTcp(world, dialects, name), bob: connectTcp(world, dialects, name) }
  const heard = new Map<string, number>()
  const lines: string[] = []
  const hear = (who: string, frames: readonly Buffer[]) => {
    for (const frame of frames.slice(heard.get(who) ?? 0)) lines.push(`${who} ← ${withoutPadding(frame)}`)
    heard.set(who, frames.length)
  }
  for (const [who, type, fields = []] of scripts[name]) {
    const bytes = Buffer.concat([request(type, fields), Buffer.alloc(name === 'envelope' ? 1 : 0)])
    lines.push(`${who} → ${type} ${bytes.toString('hex')}`)
    clients[who].send(bytes)
    await world.clock.advance(2_000)
    for (const [one, { frames }] of Object.entries(clients)) hear(one, frames)
  }
  await world.stop()
  await world.until(() => !clients.ann.isOpen && !clients.bob.isOpen)
  for (const [one, { frames }] of Object.entries(clients)) hear(one, frames)
  const transcript = `${lines.join('\n')}\n`
  if (process.env.CHAT_WRITE_GOLDEN === '1') writeFileSync(golden(name), transcript)
  expect(transcript).toBe(readFileSync(golden(name), 'utf8'))
  expect(world.failures).toEqual([])
})

const withoutPadding = (frame: Buffer): string => {
  const end = frame.findLastIndex((byte) => byte !== 0) + 1
  return frame.length - end < 2 ? frame.toString('hex') : `${frame.toString('hex', 0, end)} + ${frame.length - end} NUL`
}
