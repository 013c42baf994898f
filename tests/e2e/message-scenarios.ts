import { type Device, RequestError, waitUntil } from '@chat/testkit'
import { expect, test } from 'vitest'

/** What may become of messages, from outside, on whatever system stands; `device` connects a user of it anew. */
export const testMessages = (device: (index: number) => Promise<Device>): void => {
  const withDevices = async (count: number, story: (...devices: readonly Device[]) => Promise<void>) => {
    const devices = await Promise.all(Array.from({ length: count }, (_, index) => device(index)))
    try {
      await story(...devices)
    } finally {
      await Promise.all(devices.map((each) => each.close()))
    }
  }
  const refusalOf = async (asked: Promise<unknown>): Promise<string> => {
    const refusal = await asked.then(
      () => 'accepted',
      (error: unknown) => error,
    )
    return refusal instanceof RequestError ? refusal.code : String(refusal)
  }
  const sees = (who: Device, conversation: string, seq: unknown) =>
    waitUntil(() => who.shown(conversation).has(Number(seq)), {
      deadlineMs: 10_000,
      what: `user ${who.userId} is shown ${conversation}:${seq}`,
    })
  const messageOf = async (who: Device, conversation: string, seq: number) => {
    const { events } = await who.request('history', { conversation, after: seq - 1, limit: 1 })
    return (events as readonly { readonly data: Readonly<Record<string, unknown>> }[])[0]?.data
  }
  const unreadOf = async (who: Device, conversation: string) => {
    const found = await who.request('conversation', { conversation })
    return (found.conversation as { readonly unread: number }).unread
  }

  test('two people edit, react to, pin and delete messages, and both see what is so now', () =>
    withDevices(2, async (ann, bob) => {
      if (ann === undefined || bob === undefined) throw new Error('there are two devices')
      const [lo, hi] = [ann.userId, bob.userId].sort((a, b) => a - b)
      const conversation = `d${lo}.${hi}`
      const { seq } = await ann.send(conversation, 'frist')
      const about = { conversation, seq }
      await sees(bob, conversation, seq)
      const unread = await unreadOf(bob, conversation)
      const body = { kind: 'text', text: 'first' }
      const edited = await ann.request('edit', { ...about, body })
      await sees(bob, conversation, edited.seq)
      expect(bob.shown(conversation).get(Number(edited.seq))).toMatchObject({
        type: 'messageEdited',
        data: { seq, body },
      })
      expect(await refusalOf(bob.request('edit', { ...about, body }))).toBe('forbidden')
      expect(await refusalOf(bob.request('delete', about))).toBe('forbidden')
      const reacted = await bob.request('react', { ...about, emoji: '🎉' })
      await bob.request('react', { ...about, emoji: '👍' })
      const taken = await bob.request('unreact', { ...about, emoji: '👍' })
      await sees(ann, conversation, reacted.seq)
      await sees(ann, conversation, taken.seq)
      expect(await messageOf(ann, conversation, seq)).toMatchObject({
        body,
        editedSeq: edited.seq,
        reactions: [{ emoji: '🎉', count: 1, users: [bob.userId] }],
      })
      const pinned = await bob.request('pin', about)
      await sees(bob, conversation, pinned.seq)
      expect(await bob.request('conversation', { conversation })).toMatchObject({ conversation: { pins: [seq] } })
      const { items } = await bob.request('edits', about)
      expect(items).toMatchObject([
        { seq, body: { text: 'frist' } },
        { seq: edited.seq, body },
      ])
      expect(await unreadOf(bob, conversation)).toBe(unread)
      const clientMsgId = (await ann.send(conversation, 'oops')).clientMsgId
      const deletion = { ...about, clientMsgId: clientMsgId.replace(/.$/, (last) => (last === '0' ? '1' : '0')) }
      const deleted = await ann.request('delete', deletion)
      expect(await ann.request('delete', deletion)).toMatchObject({ seq: deleted.seq, duplicate: true })
      await sees(bob, conversation, deleted.seq)
      const left = await messageOf(bob, conversation, seq)
      expect(left).toMatchObject({ deleted: true })
      expect(left).not.toHaveProperty('body')
      expect(left).not.toHaveProperty('reactions')
      expect(await unreadOf(bob, conversation)).toBe(unread)
      for (const op of ['delete', 'pin', 'unpin', 'edits'])
        expect(await refusalOf(ann.request(op, about)), op).toBe('no_such_message')
      expect(await refusalOf(bob.request('react', { ...about, emoji: '🎉' }))).toBe('no_such_message')
      const view = await bob.request('conversation', { conversation })
      expect(view.conversation).not.toHaveProperty('pins')
    }))

  test('in a group those are mentioned who are members, its owner deletes and pins, and outsiders find nothing', () =>
    withDevices(4, async (owner, member, other, stranger) => {
      if (owner === undefined || member === undefined || other === undefined || stranger === undefined)
        throw new Error('there are four devices')
      const members = [member.userId, other.userId]
      const created = await owner.request('group.create', { title: 'acts', visibility: 'private', members })
      const conversation = String(created.conversation)
      const nameOf = async (who: Device) => String(((await who.request('me')).user as { readonly name: string }).name)
      const names = await Promise.all([other, stranger].map(nameOf))
      const text = `hello @${names[0]} and @${names[1]}`
      const { seq } = await member.send(conversation, text)
      await sees(other, conversation, seq)
      expect(other.shown(conversation).get(seq)?.data.mentions).toEqual([other.userId])
      const about = { conversation, seq }
      for (const op of ['pin', 'unpin']) expect(await refusalOf(member.request(op, about)), op).toBe('forbidden')
      expect(await refusalOf(other.request('delete', about))).toBe('forbidden')
      for (const op of ['delete', 'pin', 'unpin'])
        expect(await refusalOf(stranger.request(op, about)), op).toBe('no_such_conversation')
      expect(await refusalOf(stranger.request('react', { ...about, emoji: '👍' }))).toBe('no_such_conversation')
      expect(await refusalOf(stranger.request('edits', about))).toBe('not_found')
      await owner.request('pin', about)
      const deleted = await owner.request('delete', about)
      await sees(member, conversation, deleted.seq)
      expect(await messageOf(member, conversation, seq)).toMatchObject({ deleted: true })
      await other.request('group.leave', { conversation })
      const { seq: later } = await member.send(conversation, 'later')
      expect(await refusalOf(other.request('react', { ...about, seq: later, emoji: '👍' }))).toBe('not_member')
    }))

  test('somebody keeps notes in a conversation with himself', () =>
    withDevices(1, async (ann) => {
      if (ann === undefined) throw new Error('there is a device')
      const conversation = `d${ann.userId}.${ann.userId}`
      const { seq } = await ann.send(conversation, 'milk')
      const body = { kind: 'custom', type: 'list', data: ['milk', 'tea'] }
      const edited = await ann.request('edit', { conversation, seq, body })
      await ann.request('pin', { conversation, seq })
      await ann.request('react', { conversation, seq, emoji: '✅' })
      await sees(ann, conversation, edited.seq)
      expect(await messageOf(ann, conversation, seq)).toMatchObject({ body, editedSeq: edited.seq })
      expect(await unreadOf(ann, conversation)).toBe(0)
    }))
}
