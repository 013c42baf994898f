import { registerAccounts } from '@chat/stack/system'
import { type Account, createDevice, type Device, type DeviceObserver, type Frame, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** A running system, whatever it stands on. */
interface Venue {
  /** Base URLs of its connectors; one may stand for several. */
  readonly urls: readonly string[]
  close(): Promise<void>
}

interface VenueOptions {
  readonly open: () => Promise<Venue>
  /** Kills the last connector without warning and leaves it dead; given, its users are looked for. */
  readonly killLast?: () => Promise<void>
}

/** A device, and what it was pushed beside events. */
interface Watching {
  readonly device: Device
  readonly pushes: Frame[]
}

const silent: Omit<DeviceObserver, 'received'> = {
  connected: () => {},
  closed: () => {},
  sent: () => {},
  shown: () => {},
}

/** Receipts, typing and presence between people on different connectors, seen from outside: the same on every system. */
export const testPresence = ({ open, killLast }: VenueOptions): void => {
  let venue: Venue
  let accounts: readonly Account[]
  const devices: Device[] = []

  const join = async (account: Account | undefined, connector: number): Promise<Watching> => {
    const url = venue.urls[connector % venue.urls.length]
    if (account === undefined || url === undefined) throw new Error('no such account or connector')
    const pushes: Frame[] = []
    const received = (_connection: number, frame: Frame) => {
      if (['receipt', 'typing', 'presence'].includes(String(frame.op))) pushes.push(frame)
    }
    const device = createDevice({ urls: [url], account, observer: { ...silent, received } })
    devices.push(device)
    await device.connect()
    return { device, pushes }
  }

  const pushed = ({ pushes }: Watching, wanted: Frame): boolean =>
    pushes.some((push) => Object.entries(wanted).every(([name, value]) => push[name] === value))

  const expectPushed = (who: Watching, wanted: Frame, deadlineMs = 10_000) =>
    waitUntil(() => pushed(who, wanted), {
      deadlineMs,
      what: () => `${JSON.stringify(wanted)} is pushed, not only ${JSON.stringify(who.pushes)}`,
    })

  beforeAll(async () => {
    venue = await open()
    accounts = await registerAccounts(venue.urls, 5)
  }, 180_000)

  afterAll(async () => {
    await Promise.all(devices.map((device) => device.close()))
    await venue?.close()
  }, 60_000)

  test('who has got and read a message is told to its sender and to the other devices of the reader', async () => {
    const [ann, bob, phone] = [await join(accounts[0], 0), await join(accounts[1], 1), await join(accounts[1], 0)]
    const { conversation, seq } = await ann.device.send(directOf(accounts[0], accounts[1]), 'hi')
    await waitUntil(() => bob.device.shown(conversation).has(seq), { deadlineMs: 10_000, what: 'bob has it' })
    const reader = bob.device.userId
    await bob.device.request('delivered', { conversation, seq })
    await expectPushed(ann, { op: 'receipt', conversation, user: reader, deliveredSeq: seq, readSeq: 0 })
    await bob.device.request('read', { conversation, seq })
    for (const who of [ann, phone])
      await expectPushed(who, { op: 'receipt', conversation, user: reader, deliveredSeq: seq, readSeq: seq })
    await waitUntil(async () => (await cursorOf(ann.device, conversation, reader)) === seq, {
      deadlineMs: 10_000,
      what: 'who connects later reads the same in the conversation',
    })
  })

  test('who writes is shown to the others, and no more by itself some seconds after he stopped without a word', async () => {
    const [ann, bob, carl] = [await join(accounts[0], 0), await join(accounts[1], 1), await join(accounts[2], 0)]
    const conversation = directOf(accounts[0], accounts[1])
    await bob.device.request('typing', { conversation, isTyping: true })
    const typing = { op: 'typing', conversation, user: bob.device.userId }
    await expectPushed(ann, { ...typing, isTyping: true })
    await expectPushed(ann, { ...typing, isTyping: false }, 15_000)
    expect([bob, carl].flatMap(({ pushes }) => pushes).filter(({ op }) => op === 'typing')).toEqual([])
  })

  test('how many members have read a message can be asked', async () => {
    const [ann, bob] = [await join(accounts[0], 0), await join(accounts[1], 1)]
    const members = [accounts[1], accounts[2]].map((account) => account?.userId ?? 0)
    const { conversation } = await ann.device.request('group.create', { title: 'g', visibility: 'private', members })
    const { seq } = await ann.device.send(String(conversation), 'hi')
    await waitUntil(() => bob.device.shown(String(conversation)).has(seq), { deadlineMs: 10_000, what: 'bob has it' })
    await bob.device.request('read', { conversation, seq })
    await waitUntil(
      async () => {
        const answer = await ann.device.request('conversation', { conversation, countsAt: seq })
        const { counts } = answer.conversation as { readonly counts?: { readonly read: number } }
        return counts?.read === 1
      },
      { deadlineMs: 10_000, what: 'one of them has read it' },
    )
  })

  test('who comes and goes is told to whoever watches him, with when', async () => {
    const [ann, dora] = [await join(accounts[0], 0), accounts[3]]
    const user = dora?.userId ?? 0
    const { users } = await ann.device.request('presence.watch', { users: [user] })
    expect(users).toMatchObject([{ id: user, online: false }])
    const there = await join(dora, 1)
    await expectPushed(ann, { op: 'presence', user, online: true })
    const leftAt = Date.now()
    await there.device.close()
    await expectPushed(ann, { op: 'presence', user, online: false }, 15_000)
    const gone = ann.pushes.findLast(({ online }) => online === false)
    expect(Math.abs(Date.parse(String(gone?.lastSeenAt)) - leftAt)).toBeLessThan(10_000)
  })

  if (killLast !== undefined) {
    test('the users of a connector that was killed are offline soon', async () => {
      const [ann, eve] = [await join(accounts[0], 0), await join(accounts[4], venue.urls.length - 1)]
      const user = eve.device.userId
      await ann.device.request('presence.watch', { users: [user] })
      await killLast()
      await expectPushed(ann, { op: 'presence', user, online: false }, 30_000)
    })
  }
}

const directOf = (one: Account | undefined, other: Account | undefined): string => {
  const [low, high] = [one?.userId ?? 0, other?.userId ?? 0].sort((a, b) => a - b)
  return `d${low}.${high}`
}

const cursorOf = async (device: Device, conversation: string, user: number): Promise<number | undefined> => {
  const answer = await device.request('conversation', { conversation })
  const { cursors } = answer.conversation as { readonly cursors?: readonly { user: number; readSeq: number }[] }
  return cursors?.find((cursor) => cursor.user === user)?.readSeq
}
