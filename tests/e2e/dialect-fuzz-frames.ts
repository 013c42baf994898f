import type { createSeededRandom } from '@chat/testkit'
import { encode, request } from '../memory/protobuf-wire.ts'

/** One frame for a server that is treated badly. */
export interface FuzzFrame {
  readonly bytes: Buffer
  /** It may end its connection: nothing is sent behind it, because nobody would read it. */
  readonly isLast: boolean
}

/** Who says it: of nobody else a frame names anything that is there. */
export interface FuzzSelf {
  readonly name: string
  readonly id: number
}

type Random = ReturnType<typeof createSeededRandom>

/** A password costs the server a hash; this part of the frames may have a right login or registration. */
const hashedPart = 1 / 1_000
/** This part is so wrong that it may close. */
const brokenPart = 1 / 20

const tools = (random: Random) => {
  const below = (bound: number) => Math.floor(random.fraction() * bound)
  const pick = <T>(items: readonly [T, ...T[]]): T => items[below(items.length)] ?? items[0]
  const isOnce = (part: number) => random.fraction() < part
  /** Cut, doubled, with a byte changed, or no frame at all. */
  const broken = (bytes: Buffer): Buffer => {
    switch (below(4)) {
      case 0:
        return bytes.subarray(0, below(bytes.length))
      case 1:
        return Buffer.concat([bytes, bytes.subarray(below(bytes.length))])
      case 2: {
        const changed = Buffer.from(bytes)
        changed[below(bytes.length)] = below(256)
        return changed
      }
      default:
        return Buffer.from(random.bytes(1 + below(60)))
    }
  }
  return { below, pick, isOnce, broken }
}

const texts = [
  '',
  'x',
  '你好 👩‍🚀',
  'a\u0000b\n',
  '\ud800',
  '__proto__',
  `long ${'é'.repeat(3_000)}`,
  '"}{',
  '%s',
] as const

/** Of a JSON dialect. `shift`: 0 of json-to, 1 of json-toid. */
export const jsonFrames = (random: Random, { name, id }: FuzzSelf): (() => FuzzFrame) => {
  const { below, pick, isOnce, broken } = tools(random)
  const ids = () => pick<unknown>([id, id, 0, -1, 2 ** 31, 1e300, 1.5, 4_000_000 + below(1_000)])
  const any = () => pick<unknown>([null, true, [], {}, { id }, [[[]]], ids(), pick(texts), String(id)])
  const field = (right: () => unknown) => (isOnce(0.8) ? right() : any())
  const object = () => ({
    msgid: isOnce(hashedPart) ? pick([1, 3, 4]) : pick<unknown>([5, 6, 7, 8, 9, 10, 0, 99, '5', null]),
    id: field(ids),
    password: field(() => 'x'),
    name: field(() => name),
    ...Object.fromEntries(['to', 'toid', 'friendid', 'groupid'].map((key) => [key, field(ids)])),
    ...Object.fromEntries(['msg', 'groupname', 'groupdesc', 'time'].map((key) => [key, field(() => pick(texts))])),
  })
  return () => {
    const bytes = Buffer.from(`${JSON.stringify(object())}${pick(['\0', '\0', '\n', '\0\0', ' \n'])}`)
    return isOnce(brokenPart) ? { bytes: broken(bytes), isLast: true } : { bytes, isLast: false }
  }
}

const protobufTypes = {
  envelope: {
    cheap: ['Logout', 'getUserInfo', 'chatMessage', 'chatMessage', 'forwardMessage', 'WriteOffline', ''],
    hashed: ['Login', 'Register'],
  },
  unit: {
    cheap: [
      ...(['AddFriend', 'DelteFriend', 'DeleteFriend', 'GetUserInfo', 'GetFriendList', 'ReadOfflineMsg'] as const),
      ...(['CreateGroup', 'AddGroup', 'QuitGroup', 'GetGroupUsers', 'ChatMsg', 'LoginOut', 'ConveyMsg'] as const),
    ],
    hashed: ['Login', 'Regist'],
  },
} as const

/** Of a protobuf dialect. */
export const protobufFrames = (dialect: 'envelope' | 'unit', random: Random, { name, id }: FuzzSelf) => {
  const { below, pick, isOnce, broken } = tools(random)
  const { cheap, hashed } = protobufTypes[dialect]
  const end = Buffer.alloc(dialect === 'envelope' ? 1 : 0)
  const value = () => pick<string | number>([id, name, pick(texts), 0, -1, 2 ** 31 - 1, 4_000_000 + below(1_000)])
  const fields = () =>
    Array.from({ length: below(5) }, (_, index) => [isOnce(0.9) ? index + 1 : below(20) + 1, value()] as const)
  const inner = () => (isOnce(0.9) ? encode(fields()) : Buffer.from(random.bytes(1 + below(30))))
  return (): FuzzFrame => {
    const type = isOnce(hashedPart) ? pick(hashed) : pick<string>(cheap)
    const bytes = Buffer.concat([
      isOnce(0.5)
        ? request(type, fields())
        : encode([
            [1, type],
            [2, inner()],
          ]),
      end,
    ])
    return isOnce(brokenPart) ? { bytes: broken(bytes), isLast: true } : { bytes, isLast: false }
  }
}

/** Of `action`: texts, each to be sent as one frame; what is last is sent as bytes. */
export const actionFrames = (random: Random, { name }: FuzzSelf): (() => FuzzFrame) => {
  const { below, pick, isOnce, broken } = tools(random)
  const any = () => pick<unknown>([null, true, [], {}, 0, -1, 1e300, name, 'nobody', pick(texts)])
  const data = () => ({
    ...Object.fromEntries(
      ['username', 'to', 'roomName', 'message', 'n', 'from', 'ts', 'format'].map((key) => [
        key,
        isOnce(0.7) ? pick<unknown>([name, 'nobody']) : any(),
      ]),
    ),
    ...(isOnce(hashedPart) ? { password: 'x' } : {}),
    isGroup: any(),
  })
  const action = () =>
    isOnce(0.02) ? 'login' : pick<unknown>(['chat', 'userInfo', 'joinRoom', 'popular', 'syncServers', 'x', null, 7])
  const object = () => ({
    id: any(),
    action: action(),
    data: isOnce(0.9) ? data() : any(),
    ...(isOnce(0.05) ? { sourceNode: 'n' } : {}),
  })
  return () => {
    const bytes = Buffer.from(JSON.stringify(object()))
    if (isOnce(brokenPart / 4)) return { bytes: isOnce(0.05) ? Buffer.alloc(70_000) : bytes, isLast: true }
    return { bytes: isOnce(brokenPart) ? Buffer.from(broken(bytes).toString('utf8')) : bytes, isLast: below(50) === 0 }
  }
}
