import { waitUntil } from '@chat/testkit'
import { expect, test } from 'vitest'
import { encode } from '../memory/protobuf-wire.ts'
import type { DialectTarget } from './dialect-target.ts'
import { connectEnvelope, connectUnit } from './protobuf-client.ts'
import { connectRudeTcp } from './rude-tcp.ts'

const deadlineMs = 20_000

const withNul = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(1)])

/** Fields of a known type that it cannot have: a number for a text, a text for a number, bytes that are no UTF-8, half a field. */
const wrongFields = [
  [0x08, 0x01, 0x10, 0x01],
  [0x0a, 0x05, 0x61],
  [0xff, 0xff],
  [0x0b],
  [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
]

/** Where a length should be. */
const wrongLengths = ['0affffffff0f', '0affffffffffffffff7f', '0a80808080808080808080', '0afdff03', '12ffffffff0741']

/** What is wrong in requests of the protobuf dialects. */
export const badProtobuf = (target: () => DialectTarget): void => {
  test('envelope: wrong fields are refused, unknown types passed over, wrong lengths closed; a message is of who is logged in', async () => {
    const client = connectEnvelope(target().ports.ENVELOPE)
    const credentials = (name: string) =>
      [
        [1, name],
        [2, 'x'],
      ] as const
    const [mallory, { from: ann, to: bob }] = ['envelope-mallory', target().innocentsOf('envelope')]
    await client.asks('Register', credentials(mallory), 'Register')
    const answers = { Login: 'Login', Register: 'Register', chatMessage: 'SendChatMessage' }
    for (const [type, answer] of Object.entries(answers)) {
      const from = client.outcomes(answer).length
      for (const bytes of wrongFields)
        client.sendRaw(
          withNul(
            encode([
              [1, type],
              [2, Buffer.from(bytes)],
            ]),
          ),
        )
      await waitUntil(() => client.outcomes(answer).length === from + wrongFields.length, {
        deadlineMs,
        what: `${type} is refused`,
      })
      for (const told of client.outcomes(answer).slice(from)) expect(told).toMatch(/error|fail/)
    }
    expect(await client.asks('Login', credentials(mallory), 'Login')).toBe('login success')
    for (const type of ['forwardMessage', 'WriteOffline', 'ConveyMsg', 'login', '', '__proto__', 'x'.repeat(5_000)])
      client.send(type, credentials(bob.name))
    expect(await client.asks('Logout', [[1, ann.name]], 'Logout')).toBe('Logout success')
    expect(client.aborts).toEqual([])
    client.close()
    await expectClosed(target().ports.ENVELOPE)
  })

  test('unit: wrong fields are refused, unknown types passed over, wrong lengths closed; a request is of who is logged in', async () => {
    const { from: ann } = target().innocentsOf('unit')
    const client = connectUnit(target().ports.UNIT)
    await client.asks('Regist', [
      [1, 'unit-mallory'],
      [2, 'x'],
    ])
    const id = await target().idOf('unit-mallory')
    const answered = [
      'Login',
      'Regist',
      'GetUserInfo',
      'GetFriendList',
      'ReadOfflineMsg',
      'CreateGroup',
      'GetGroupUsers',
    ]
    for (const type of [...answered, 'AddFriend', 'DelteFriend', 'DeleteFriend', 'AddGroup', 'QuitGroup'])
      for (const bytes of wrongFields)
        expect(
          (
            await client.asksRaw(
              encode([
                [1, type],
                [2, Buffer.from(bytes)],
              ]),
            )
          ).length,
          type,
        ).toBeGreaterThan(0)
    await client.asks('Login', [
      [1, id],
      [2, 'x'],
    ])
    for (const type of ['ConveyMsg', 'WriteOffline', 'login', '__proto__', 'x'.repeat(5_000)])
      client.send(type, [[1, ann.id]])
    for (const bytes of wrongFields)
      client.sendRaw(
        encode([
          [1, 'ChatMsg'],
          [2, Buffer.from(bytes)],
        ]),
      )
    // Of the innocent it would tell a name.
    const info = await client.asks('GetUserInfo', [[1, id]])
    expect(info.toString()).toContain('unit-mallory')
    client.send('LoginOut', [[1, ann.id]])
    expect((await client.asks('GetUserInfo', [[1, id]])).toString('hex')).toBe('08ffffffffffffffffff01')
    client.close()
    await expectClosed(target().ports.UNIT)
  })
}

const expectClosed = async (port: number): Promise<void> => {
  for (const hex of wrongLengths) {
    const client = connectRudeTcp(port)
    await client.write(Buffer.from(hex, 'hex'), Buffer.alloc(70_000, 0x41))
    await client.closed
    expect(client.received(), hex).toHaveLength(0)
  }
}
