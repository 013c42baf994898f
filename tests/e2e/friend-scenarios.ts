import { uuidV7 } from '@chat/runtime'
import { systemRandom } from '@chat/runtime/system'
import { registerAccounts } from '@chat/stack/system'
import { type Account, createDevice, type Device, type Frame, getJson, logIn, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** A running system, whatever it stands on. */
interface Venue {
  /** Base URLs of its connectors; one may stand for several. */
  readonly urls: readonly string[]
  close(): Promise<void>
}

const newId = () => uuidV7(Date.now(), systemRandom)

/** A device and the events without a place that it was pushed. */
interface Person {
  readonly id: number
  readonly device: Device
  readonly told: readonly Frame[]
}

/** Friendship and blocks as three people see them through their sockets: the same on every system. */
export const testFriends = (open: () => Promise<Venue>): void => {
  let venue: Venue | undefined
  let urls: readonly string[] = []
  let accounts: readonly Account[] = []
  const people: Person[] = []

  const join = async (account: Account, index: number): Promise<Person> => {
    const told: Frame[] = []
    const device = createDevice({
      urls: [urls[index % urls.length] ?? ''],
      account,
      observer: {
        ...{ connected: () => {}, closed: () => {}, sent: () => {}, shown: () => {} },
        received: (_connection, frame) => {
          if (frame.op === 'event' && frame.seq === undefined) told.push(frame)
        },
      },
    })
    await device.connect()
    return { id: account.userId, device, told }
  }

  beforeAll(async () => {
    venue = await open()
    urls = venue.urls
    accounts = await registerAccounts(urls, 3)
    for (const [index, account] of accounts.entries()) people.push(await join(account, index))
  }, 180_000)

  afterAll(async () => {
    await Promise.all(people.map(({ device }) => device.close()))
    await venue?.close()
  }, 60_000)

  const cast = () => {
    const [ann, bob, eve] = people
    if (ann === undefined || bob === undefined || eve === undefined) throw new Error('nobody is there')
    return { ann, bob, eve, conversation: `d${Math.min(ann.id, bob.id)}.${Math.max(ann.id, bob.id)}` }
  }
  const refusal = (person: Person, op: string, fields: object) =>
    person.device.request(op, fields).then(
      (frame) => ({ code: `accepted as ${frame.seq}` }),
      (error: { readonly frame?: { readonly code?: unknown } }) => ({ code: error.frame?.code }),
    )
  /** Reads what was written before it: the friends as they are then. */
  const friendsOf = async (person: Person, is: (page: Frame) => boolean, what: string): Promise<Frame> => {
    let page: Frame = await person.device.request('friends')
    await waitUntil(
      async () => {
        page = await person.device.request('friends')
        return is(page)
      },
      { deadlineMs: 10_000, what },
    )
    return page
  }
  const items = (page: Frame) =>
    page.items as readonly { readonly user: { readonly id: number }; readonly online: boolean }[]

  test('a request is seen by both, accepted once, and both are friends who are online', async () => {
    const { ann, bob, eve, conversation } = cast()
    const asked = await ann.device.request('friend.request', { user: bob.id, note: 'from the train' })
    expect(asked).toMatchObject({ conversation, seq: 1 })
    expect(await refusal(ann, 'friend.request', { user: bob.id })).toEqual({ code: 'too_many' })
    expect(await refusal(ann, 'friend.accept', { user: bob.id })).toEqual({ code: 'not_found' })
    await waitUntil(() => bob.device.shown(conversation).has(1), { deadlineMs: 10_000, what: 'the request is pushed' })
    expect(bob.device.shown(conversation).get(1)).toMatchObject({
      type: 'friendRequested',
      data: { user: bob.id, note: 'from the train' },
    })
    const before = await friendsOf(bob, (page) => (page.requests as unknown[]).length === 1, 'the request is listed')
    expect(before).toMatchObject({
      items: [],
      requests: [{ user: { id: ann.id }, direction: 'incoming', note: 'from the train' }],
    })
    await bob.device.request('friend.accept', { user: ann.id })
    expect(await refusal(bob, 'friend.accept', { user: ann.id })).toEqual({ code: 'not_found' })
    expect(await refusal(ann, 'friend.request', { user: bob.id })).toEqual({ code: 'already_friends' })
    const page = await friendsOf(ann, (found) => items(found).length === 1, 'the friend is listed')
    expect(page).toMatchObject({ items: [{ user: { id: bob.id }, online: true }], requests: [], blocked: [] })
    expect(await eve.device.request('friends')).toMatchObject({ items: [], requests: [], blocked: [] })
    expect(eve.device.shown(conversation).size).toBe(0)
  })

  test('the list is given by HTTP too', async () => {
    const { bob } = cast()
    const [account] = accounts
    if (account === undefined) return expect.fail('nobody is there')
    const url = urls[0] ?? ''
    const token = await logIn(url, account, crypto.randomUUID())
    const { body } = await getJson(`${url}/v1/friends?limit=1`, token)
    expect(body).toMatchObject({ items: [{ user: { id: bob.id } }], requests: [] })
  })

  test('requests that cross make a friendship', async () => {
    const { ann, eve } = cast()
    await Promise.all([
      ann.device.request('friend.request', { user: eve.id }),
      eve.device.request('friend.request', { user: ann.id }),
    ])
    const page = await friendsOf(eve, (found) => items(found).length === 1, 'the friendship is listed')
    expect(page).toMatchObject({ items: [{ user: { id: ann.id } }], requests: [] })
  })

  test('a block is told to nobody else, ends writing both ways, hides who made it, and can be taken back', async () => {
    const { ann, bob, conversation } = cast()
    const blocked = await bob.device.request('block', { user: ann.id })
    expect(blocked).toMatchObject({ conversation, position: expect.any(String) })
    expect(blocked).not.toHaveProperty('seq')
    await waitUntil(() => bob.told.length === 1, { deadlineMs: 10_000, what: 'the block is pushed' })
    expect(bob.told).toMatchObject([{ conversation, type: 'userBlocked', actor: bob.id, data: { user: ann.id } }])
    const text = (id: string) => ({ clientMsgId: id, body: { kind: 'text', text: 'hi' } })
    expect(await refusal(ann, 'send', { to: { user: bob.id }, ...text(newId()) })).toEqual({ code: 'blocked' })
    expect(await refusal(bob, 'send', { to: { user: ann.id }, ...text(newId()) })).toEqual({ code: 'blocked' })
    const sees = (page: Frame, id: number) => items(page).find(({ user }) => user.id === id)?.online
    await friendsOf(ann, (page) => sees(page, bob.id) === false, 'he is hidden')
    const own = await friendsOf(bob, (page) => (page.blocked as unknown[]).length === 1, 'the block is listed')
    expect(own).toMatchObject({ items: [{ user: { id: ann.id }, online: true }], blocked: [{ user: { id: ann.id } }] })
    expect(ann.told).toEqual([])
    await bob.device.request('unblock', { user: ann.id })
    const last = await ann.device.request('send', { to: { user: bob.id }, ...text(newId()) })
    expect(last.seq).toBe(3) // the request, the friendship, and nothing of the block
    await bob.device.request('read', { conversation, seq: 3 })
    await ann.device.request('friend.remove', { user: bob.id })
    expect(await refusal(bob, 'friend.remove', { user: ann.id })).toEqual({ code: 'not_friend' })
  })
}
