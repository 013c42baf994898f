import { registerAccounts } from '@chat/stack/system'
import { type Account, createDevice, type Device, type Frame, RequestError, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** A running system, whatever it stands on. */
interface Venue {
  /** Base URLs of its connectors; one may stand for several. */
  readonly urls: readonly string[]
  close(): Promise<void>
}

const usersCount = 6

/** Groups that somebody runs, from outside: the same on every system. */
export const testGroups = ({ open }: { readonly open: () => Promise<Venue> }): void => {
  let venue: Venue | undefined
  let accounts: readonly Account[] = []
  /** One a user, on the connectors in turn. */
  let devices: readonly Device[] = []

  beforeAll(async () => {
    venue = await open()
    const { urls } = venue
    accounts = await registerAccounts(urls, usersCount)
    devices = accounts.map((account, index) => createDevice({ urls: [urls[index % urls.length] ?? ''], account }))
    for (const device of devices) await device.connect()
  }, 180_000)

  afterAll(async () => {
    await Promise.all(devices.map((device) => device.close()))
    await venue?.close()
  }, 60_000)

  const deviceAt = (index: number): Device => {
    const device = devices[index]
    if (device === undefined) throw new Error(`no device ${index}`)
    return device
  }
  const cast = () => {
    const [ann, bob, eve, dan, fay] = [deviceAt(0), deviceAt(1), deviceAt(2), deviceAt(3), deviceAt(4)]
    return { ann, bob, eve, dan, fay }
  }

  test('who asks is let in or not, and hears of it at once', async () => {
    const { ann, bob, eve } = cast()
    const name = `Tea ${ann.userId}`
    const group = await create(ann, { name, visibility: 'public', joinPolicy: 'request' })
    await bob.request('group.join', { name })
    await eve.request('group.join', { conversation: group })
    expect(await codeOf(bob.request('group.join', { name }))).toBe('too_many')
    expect((await view(bob, group)).requested).toBe(true)
    const { requests } = await ann.request('members', { conversation: group })
    const asking = (requests as { user: { id: number } }[]).map(({ user }) => user.id)
    expect(new Set(asking)).toEqual(new Set([bob.userId, eve.userId]))
    await ann.request('group.approve', { conversation: group, user: bob.userId })
    await ann.request('group.refuse', { conversation: group, user: eve.userId })
    await shows(bob, group, 'memberJoined', bob.userId)
    await shows(eve, group, 'joinRefused', eve.userId)
    const { seq } = await bob.send(group, 'here I am')
    await bob.request('read', { conversation: group, seq })
    expect(await codeOf(eve.send(group, 'and I?'))).toBe('not_member')
    const { items } = await ann.request('members', { conversation: group })
    const members = [
      { user: { id: ann.userId }, role: 'owner', online: true },
      { user: { id: bob.userId }, role: 'member', online: true },
    ]
    expect(items).toMatchObject(members.toSorted((a, b) => a.user.id - b.user.id))
  })

  test('the invited of a private group see it, join it or do not', async () => {
    const { ann, bob, eve, dan } = cast()
    const group = await create(ann, { title: 'Cake' })
    const clientMsgId = await idOf(ann)
    const users = [bob.userId, eve.userId]
    const first = await ann.request('group.invite', { conversation: group, users, clientMsgId })
    const again = await ann.request('group.invite', { conversation: group, users, clientMsgId })
    expect([again.seq, again.position, again.duplicate]).toEqual([first.seq, first.position, true])
    for (const device of [bob, eve]) {
      await shows(device, group, 'memberInvited', device.userId)
      const { invitations } = await device.request('conversations')
      expect(invitations).toMatchObject([{ conversation: group, title: 'Cake', by: ann.userId }])
      expect(await view(device, group)).toMatchObject({ title: 'Cake', invited: true })
    }
    expect(await codeOf(dan.request('group.join', { conversation: group }))).toBe('no_such_conversation')
    await bob.request('group.join', { conversation: group })
    await eve.request('group.refuse', { conversation: group, user: eve.userId })
    expect(await codeOf(eve.request('group.join', { conversation: group }))).toBe('forbidden')
    expect((await eve.request('conversations')).invitations).toEqual([])
    await bob.send(group, 'a piece of it')
  })

  test('admins keep order: mutes, announcements, removals and bans, and whoever goes sees until he went', async () => {
    const { ann, bob, eve, dan } = cast()
    const group = await create(ann, { title: 'Order', members: [bob.userId, eve.userId, dan.userId] })
    const about = (user: Device, more: object = {}) => ({ conversation: group, user: user.userId, ...more })
    await ann.request('group.role', about(bob, { role: 'admin' }))
    expect(await codeOf(eve.request('group.kick', about(dan)))).toBe('forbidden')
    await bob.request('group.mute', about(eve, { untilMs: Date.now() + 3_600_000 }))
    expect(await codeOf(eve.send(group, 'may I?'))).toBe('muted')
    expect(typeof (await view(eve, group)).mutedUntil).toBe('string')
    await bob.request('group.mute', about(eve, { untilMs: 0 }))
    await eve.send(group, 'now I may')
    await bob.request('group.change', { conversation: group, posting: 'admins' })
    expect(await codeOf(eve.send(group, 'and now?'))).toBe('forbidden')
    await bob.send(group, 'hear, hear')
    const kicked = await bob.request('group.kick', about(eve))
    const banned = await ann.request('group.ban', about(dan))
    await bob.send(group, 'among ourselves')
    expect(await codeOf(dan.send(group, 'me too'))).toBe('banned')
    for (const [device, gone] of [
      [eve, kicked],
      [dan, banned],
    ] as const) {
      await shows(device, group, gone === kicked ? 'memberRemoved' : 'memberBanned', device.userId)
      await device.catchUp()
      const page = await device.request('history', { conversation: group })
      expect([page.to, (page.events as { seq: number }[]).at(-1)?.seq]).toEqual([gone.seq, gone.seq])
      expect((await device.request('conversations')).items).not.toContainEqual(expect.objectContaining({ id: group }))
    }
    await bob.request('group.unban', about(dan))
    await ann.request('group.invite', { conversation: group, users: [dan.userId] })
    await dan.request('group.join', { conversation: group })
  })

  test('an owner hands over, leaves, and the next one closes the group', async () => {
    const { ann, bob, eve } = cast()
    const group = await create(ann, { title: 'Handed over', members: [bob.userId, eve.userId] })
    expect(await codeOf(ann.request('group.leave', { conversation: group }))).toBe('forbidden')
    const clientMsgId = await idOf(ann)
    const transfer = { conversation: group, user: bob.userId, clientMsgId }
    const first = await ann.request('group.transfer', transfer)
    const again = await ann.request('group.transfer', transfer)
    expect([first.seq, again.seq, again.duplicate]).toEqual([2, 2, true])
    await shows(eve, group, 'roleChanged', ann.userId)
    expect(eve.shown(group).get(3)?.data).toEqual({ user: ann.userId, role: 'admin' })
    await ann.request('group.leave', { conversation: group })
    expect(await codeOf(ann.request('group.close', { conversation: group }))).toBe('not_member')
    await bob.request('group.close', { conversation: group })
    expect(await codeOf(eve.send(group, 'anybody?'))).toBe('forbidden')
    expect(await view(eve, group)).toMatchObject({ closed: true, role: 'member' })
    await eve.request('group.leave', { conversation: group })
    // A read waits for what its device did before: so that it is projected when the server is asked to stop.
    expect((await eve.request('conversations')).items).not.toContainEqual(expect.objectContaining({ id: group }))
  })
}

const create = async (owner: Device, settings: object): Promise<string> => {
  const { conversation } = await owner.request('group.create', { title: 'T', visibility: 'private', ...settings })
  return String(conversation)
}

/** What a device is told of a group. */
const view = async (device: Device, conversation: string): Promise<Frame> =>
  (await device.request('conversation', { conversation })).conversation as Frame

/** An id of its own for a request that is made twice. */
const idOf = async (device: Device): Promise<string> =>
  (await device.send(`d${device.userId}.${device.userId}`, 'a note')).clientMsgId

const codeOf = async (request: Promise<unknown>): Promise<string> => {
  const refusal = await request.then(
    () => 'ok',
    (error: unknown) => error,
  )
  if (refusal instanceof RequestError) return refusal.code
  if (refusal === 'ok') return 'ok'
  throw refusal
}

/** It was pushed this event about this user. */
const shows = (device: Device, conversation: string, type: string, user: number): Promise<unknown> =>
  waitUntil(
    () => [...device.shown(conversation).values()].some((event) => event.type === type && event.data.user === user),
    { deadlineMs: 10_000, what: `${device.userId} is shown ${type} of ${user} in ${conversation}` },
  )
