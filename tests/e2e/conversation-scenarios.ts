import { registerAccounts } from '@chat/stack/system'
import {
  type Account,
  type Acknowledged,
  createDevice,
  type Device,
  forEachOf,
  RequestError,
  registerAccount,
  waitUntil,
} from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { expectExactlyOnce } from './expectations.ts'
import { testMessages } from './message-scenarios.ts'

/** A running system, whatever it stands on. */
interface Venue {
  /** Base URLs of its connectors; one may stand for several. */
  readonly urls: readonly string[]
  close(): Promise<void>
}

interface VenueOptions {
  readonly open: () => Promise<Venue>
  /** Kills it without warning and has it back on the same URLs; given, conversations are interrupted by it, too. */
  readonly killAndRestart?: () => Promise<void>
}

const usersCount = 200
const loginsAtOnce = 8

/** The conversation test: the same on every system. */
export const testConversations = ({ open, killAndRestart }: VenueOptions): void => {
  let venue: Venue | undefined
  let urls: readonly string[] = []
  let accounts: readonly Account[] = []
  /** One device a user, on the connectors in turn; every tenth user has a second one on another connector. */
  const devices: Device[] = []

  const connectTo = async (account: Account, connector: number) => {
    const device = createDevice({ urls: [at(urls, connector % urls.length)], account })
    await device.connect()
    return device
  }

  beforeAll(async () => {
    venue = await open()
    urls = venue.urls
    accounts = await registerAccounts(urls, usersCount)
    await forEachOf(accounts, loginsAtOnce, async (account, index) => {
      devices[index] = await connectTo(account, index)
      if (index % 10 === 0) devices[usersCount + index / 10] = await connectTo(account, index + 1)
    })
  }, 180_000)

  afterAll(async () => {
    await Promise.all(devices.map((device) => device.close()))
    await venue?.close()
  }, 60_000)

  const devicesOf = (userIds: readonly number[]): readonly Device[] =>
    devices.filter((device) => userIds.includes(device.userId))

  const expectAllShown = async (
    conversation: string,
    userIds: readonly number[],
    sent: ReadonlyMap<Device, readonly Acknowledged[]>,
  ) => {
    const members = devicesOf(userIds)
    const lastSeq = Math.max(...[...sent.values()].flat().map((ack) => ack.seq))
    await waitUntil(() => members.every((device) => device.shown(conversation).has(lastSeq)), {
      deadlineMs: 20_000,
      what: `${conversation}: every device was pushed seq ${lastSeq}`,
    })
    expectExactlyOnce({ conversation, devices: members, sent })
    for (const device of members) expect(device.wire.repeats, 'an event was pushed twice on one connection').toBe(0)
    await Promise.all(members.map((device) => device.request('read', { conversation, seq: lastSeq })))
  }

  /** Posts to one conversation. */
  interface Talk {
    readonly conversation: string
    readonly userIds: readonly number[]
    readonly senders: readonly Device[]
  }

  /** Everybody talks at once; with `kill`, that happens while they do. */
  const talk = async (talks: readonly Talk[], count: number, kill?: () => Promise<void>) => {
    let acknowledged = 0
    const posting = talks.map(({ conversation, senders }) =>
      postAll(conversation, senders, count, () => acknowledged++),
    )
    if (kill !== undefined) {
      const total = count * talks.reduce((sum, { senders }) => sum + senders.length, 0)
      await waitUntil(() => acknowledged > total / 4, {
        deadlineMs: 60_000,
        everyMs: 1,
        what: 'a quarter is acknowledged',
      })
      expect(
        devices.some((device) => device.unanswered() > 0),
        'sends are under way when it is killed',
      ).toBe(true)
      await kill()
      await waitUntil(() => devices.every((device) => device.isConnected()), {
        deadlineMs: 60_000,
        what: 'every device is back',
      })
    }
    const sent = await Promise.all(posting)
    if (kill !== undefined) await Promise.all(devices.map((device) => device.catchUp()))
    for (const [index, { conversation, userIds }] of talks.entries())
      await expectAllShown(conversation, userIds, sent[index] ?? new Map())
  }

  const pairs = (): readonly Talk[] =>
    Array.from({ length: usersCount / 2 }, (_, i) => {
      const [a, b] = [at(accounts, 2 * i), at(accounts, 2 * i + 1)]
      const senders = [a, b].map(({ userId }) => at(devicesOf([userId]), 0))
      return { conversation: directOf(a, b), userIds: [a.userId, b.userId], senders }
    })

  const group = async (size: number): Promise<Talk> => {
    const members = accounts.slice(0, size)
    const userIds = members.map((member) => member.userId)
    const owner = at(devicesOf([at(members, 0).userId]), 0)
    const { conversation } = await owner.request('group.create', {
      title: `group of ${size}`,
      visibility: 'private',
      members: userIds.slice(1),
    })
    const id = String(conversation)
    await waitUntil(() => devicesOf(userIds).every((device) => device.shown(id).has(1)), {
      deadlineMs: 20_000,
      what: 'every member was told of the group',
    })
    return { conversation: id, userIds, senders: devicesOf(userIds).slice(0, 8) }
  }

  test('a hundred pairs on different connectors talk, and every device is pushed every message once and in order', () =>
    talk(pairs(), 5))

  test.each([2, 20, 200])(
    'in a group of %i every message reaches every device of every member once, in one order',
    async (size) => talk([await group(size)], 10),
  )

  if (killAndRestart !== undefined) {
    test('a hundred pairs talk while the server is killed and comes back: none lost, doubled or reordered', () =>
      talk(pairs(), 20, killAndRestart))

    test('a group of 200 talks while the server is killed and comes back: none lost, doubled or reordered', async () =>
      talk([await group(usersCount)], 50, killAndRestart))
  }

  test('a user who was away gets everything by sync with the old token, by pages, without a gap', async () => {
    const away = at(accounts, 199)
    const others = accounts.slice(0, 60)
    const before = devicesOf([away.userId])[0]
    if (before === undefined) throw new Error('the user has a device')
    await before.catchUp()
    await before.close()
    const sent = await Promise.all(
      others.map(async (other) => {
        const sender = at(devicesOf([other.userId]), 0)
        return [directOf(other, away), await postAll(directOf(other, away), [sender], 3)] as const
      }),
    )
    const long = directOf(at(others, 0), away)
    const more = await postAll(long, [at(devicesOf([at(others, 0).userId]), 0)], 250)
    await before.connect()
    const { syncPages, truncations } = before.wire
    await before.catchUp()
    expect(before.wire.syncPages - syncPages, 'pages of the sync').toBeGreaterThanOrEqual(2)
    expect(before.wire.truncations - truncations, 'conversations too long for a page').toBeGreaterThanOrEqual(1)
    for (const [conversation, acks] of sent) {
      const shown = before.shown(conversation)
      for (const ack of [...acks.values()].flat()) expect(shown.get(ack.seq)?.data.clientMsgId).toBe(ack.clientMsgId)
    }
    const first = [...(sent.find(([conversation]) => conversation === long)?.[1].values() ?? [])].flat()
    const all = [...first, ...[...more.values()].flat()].map((ack) => ack.seq)
    expect([...before.shown(long).keys()].sort((a, b) => a - b)).toEqual(all.sort((a, b) => a - b))
    expect(before.wire.contradictions).toEqual([])
  })

  test('a login right after the registration succeeds on the other connector', async () => {
    for (let i = 0; i < 10; i++) {
      const account = await registerAccount(at(urls, i % urls.length), `fresh${i}`)
      const device = await connectTo(account, i + 1)
      await device.close()
    }
  })

  testMessages((index) => connectTo(at(accounts, 100 + index), index))

  test('a group is joined by its name, a stranger may not post, and who left sees no more', async () => {
    const [owner, joiner, stranger] = [at(devices, 0), at(devices, 1), at(devices, 2)]
    const name = 'Café'
    const { conversation } = await owner.request('group.create', { name, title: 'public', visibility: 'public' })
    const id = String(conversation)
    await waitUntil(() => owner.shown(id).has(1), { deadlineMs: 5_000, what: 'the group is there' })
    await joiner.request('group.join', { name: 'CAFÉ'.normalize('NFD') })
    const ack = await joiner.send(id, 'hello')
    const refusal = await stranger.send(id, 'let me in').catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(RequestError)
    expect((refusal as RequestError).code).toBe('not_member')
    await joiner.request('group.leave', { conversation: id })
    const later = await owner.send(id, 'after the joiner left')
    await waitUntil(() => owner.shown(id).has(later.seq), {
      deadlineMs: 5_000,
      what: 'the owner sees the last message',
    })
    await joiner.catchUp()
    expect(joiner.shown(id).has(ack.seq)).toBe(true)
    expect(joiner.shown(id).has(later.seq)).toBe(false)
  })
}

const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index]
  if (item === undefined) throw new Error(`no item ${index}`)
  return item
}

const directOf = (a: Account, b: Account) => `d${Math.min(a.userId, b.userId)}.${Math.max(a.userId, b.userId)}`

/** Each sender posts `count` texts, pipelined; resolves with the acknowledgements per sender, in order of sending. */
const postAll = async (
  conversation: string,
  senders: readonly Device[],
  count: number,
  onAcknowledged: () => void = () => {},
): Promise<ReadonlyMap<Device, readonly Acknowledged[]>> => {
  const sent = new Map<Device, readonly Acknowledged[]>()
  const send = async (sender: Device, text: string) => {
    const acknowledged = await sender.send(conversation, text)
    onAcknowledged()
    return acknowledged
  }
  await Promise.all(
    senders.map(async (sender) => {
      const texts = Array.from({ length: count }, (_, i) => `message ${i} of ${sender.userId}`)
      sent.set(sender, await Promise.all(texts.map((text) => send(sender, text))))
    }),
  )
  return sent
}
