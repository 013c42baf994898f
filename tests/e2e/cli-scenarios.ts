import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, createCommandLine, linesOf } from './cli-runner.ts'
import { testScreen } from './cli-screen-scenarios.ts'
import { testSeed } from './seed-scenarios.ts'

/** A running system, whatever it stands on. */
interface Venue {
  /** Base URLs of its connectors; one may stand for several. */
  readonly urls: readonly string[]
  close(): Promise<void>
}

const password = 'correct horse battery'
const soon = { deadlineMs: 30_000, what: 'what a command asks for', everyMs: 100 }

/** The command line as a script uses it: real processes, their output and their exit codes. */
export const testCommandLine = ({ open }: { readonly open: () => Promise<Venue> }): void => {
  let venue: Venue | undefined
  const lines: CommandLine[] = []

  beforeAll(async () => {
    venue = await open()
    const { urls } = venue
    for (const name of ['ann', 'bob', 'eve']) {
      const line = createCommandLine(urls[lines.length % urls.length] ?? '', password)
      lines.push(line)
      expect(await line.run(['register', name])).toMatchObject({ code: 0, err: '' })
    }
  }, 180_000)

  afterAll(async () => {
    for (const line of lines) line.remove()
    await venue?.close()
  }, 60_000)

  const cast = () => {
    const [ann, bob, eve] = lines
    if (ann === undefined || bob === undefined || eve === undefined) throw new Error('nobody is registered')
    return { ann, bob, eve }
  }

  describe('a session', () => {
    test('is kept without the password', async () => {
      const { ann } = cast()
      const [who] = await ann.json('whoami')
      expect(who?.user).toMatchObject({ name: 'ann', displayName: 'ann' })
      expect((await ann.run(['whoami'])).out).toBe(`ann (ann, ${who?.user.id})\n`)
      expect(readFileSync(join(ann.home, 'session.json'), 'utf8')).not.toContain(password)
    })

    test('is not there before a login, nor after a logout', async () => {
      const { eve } = cast()
      const other = createCommandLine(eve.env.CHAT_URL ?? '', password)
      expect(await other.run(['whoami'])).toMatchObject({ code: 4, out: '' })
      const wrong = await other.run(['login', 'eve', '--password-stdin', '--json'], { input: 'not the password' })
      expect(wrong).toMatchObject({ code: 1, out: '' })
      expect(JSON.parse(wrong.err)).toMatchObject({ error: { code: 'bad_credentials' } })
      expect(await other.run(['login', 'eve', '--password-stdin'], { input: `${password}\n` })).toMatchObject({
        code: 0,
      })
      expect(await other.json('whoami')).toMatchObject([{ user: { name: 'eve' } }])
      expect((await eve.json('sessions')).length).toBe(2)
      expect(await other.run(['logout'])).toMatchObject({ code: 0, out: 'logged out\n' })
      expect(await other.run(['whoami'])).toMatchObject({ code: 4 })
      expect((await eve.json('sessions')).length).toBe(1)
      other.remove()
    })

    test('a name that is taken is refused, a wrong command line is told, and a server that is away', async () => {
      const { ann } = cast()
      expect(await ann.run(['register', 'bob'])).toMatchObject({ code: 1, err: expect.stringContaining('name_taken') })
      expect(await ann.run(['send'])).toMatchObject({ code: 2, out: '' })
      const away = await ann.run(['register', 'x', '--json'], { env: { CHAT_URL: 'http://127.0.0.1:1' } })
      expect(away.code).toBe(3)
      expect(JSON.parse(away.err)).toMatchObject({ error: { code: 'unreachable' } })
    })
  })

  test('what is sent is tailed by others as it comes, once and in order, and is in the history', async () => {
    const { ann, bob } = cast()
    const tail = bob.start(['tail', '--json'])
    await waitUntil(() => tail.err().includes('"connected"'), soon)
    await ann.json('send', 'bob', 'one')
    await ann.run(['send', '@bob'], { input: 'two\nlines\n' })
    const [sent] = await ann.json('send', 'bob', 'hostile \x1b[31m\u202e')
    const texts = () => linesOf(tail.out()).map(({ actorName, data }) => [actorName, data.body.text])
    const expected = ['one', 'two\nlines', 'hostile \x1b[31m\u202e'].map((text) => ['ann', text])
    await waitUntil(() => texts().length >= expected.length, soon)
    const { code, out } = await tail.stop('SIGINT')
    expect(code).toBe(0)
    expect(texts()).toEqual(expected)
    expect([...out].filter((character) => /(?!\n)[\p{Cc}\p{Bidi_Control}]/u.test(character))).toEqual([])
    const history = await bob.json('history', 'ann')
    expect(history.map(({ seq, data }) => [seq, data.body.text])).toEqual(expected.map(([, text], i) => [i + 1, text]))
    expect(sent).toMatchObject({ seq: 3 })
    const text = (await bob.run(['history', sent?.conversation])).out
    expect(text).toContain('ann: hostile ␛[31m')
    expect(await bob.json('history', 'ann', '--limit', '1', '--before', '3')).toMatchObject([{ seq: 2 }])
    expect(await bob.json('history', 'ann', '--limit', '1', '--after', '1')).toMatchObject([{ seq: 2 }])
  })

  test('the same id is one message', async () => {
    const { ann } = cast()
    const [first] = await ann.json('send', 'eve', 'once')
    const id = (await ann.json('history', 'eve'))[0]?.data.clientMsgId
    const [again] = await ann.json('send', 'eve', 'once', '--id', id)
    expect(again).toMatchObject({ seq: first?.seq, duplicate: true })
  })

  test('many commands at once share a session', async () => {
    const { eve, ann } = cast()
    const ended = await Promise.all(Array.from({ length: 5 }, (_, i) => eve.run(['send', 'ann', `at once ${i}`])))
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0])
    const texts = (await ann.json('history', 'eve')).map(({ data }) => data.body.text)
    expect(texts.filter((text) => text.startsWith('at once')).sort()).toEqual(
      [0, 1, 2, 3, 4].map((i) => `at once ${i}`),
    )
  })

  test('friends are asked for, listed and blocked', async () => {
    const { ann, bob } = cast()
    await ann.json('friends', 'add', 'bob', 'be', 'my', 'friend')
    await waitUntil(async () => (await bob.json('friends')).length === 1, soon)
    expect(await bob.json('friends')).toMatchObject([{ type: 'request', direction: 'incoming', note: 'be my friend' }])
    await bob.json('friends', 'accept', 'ann')
    expect(await bob.json('friends', 'list')).toMatchObject([{ type: 'friend', user: { name: 'ann' }, online: false }])
    expect(await bob.run(['friends', 'accept', 'ann'])).toMatchObject({ code: 1 })
    await bob.json('friends', 'block', 'ann')
    expect(await ann.run(['send', 'bob', 'hello?'])).toMatchObject({ code: 1, err: expect.stringMatching(/blocked/) })
    await bob.json('friends', 'unblock', 'ann')
    expect(await ann.run(['send', 'bob', 'hello?'])).toMatchObject({ code: 0 })
  })

  test('groups are made, joined by name, written to and run', async () => {
    const { ann, bob, eve } = cast()
    const [made] = await ann.json(
      'groups',
      'create',
      'Tea & Cake',
      '--name',
      'tea',
      '--join',
      'open',
      '--member',
      'bob',
    )
    expect(await bob.json('send', '#tea', 'milk?')).toMatchObject([{ conversation: made?.conversation, seq: 2 }])
    expect(await eve.json('groups', 'join', '#tea')).toMatchObject([{ isMember: true }])
    const members = (await ann.json('groups', 'members', '#tea')).map(({ user, role }) => [user.name, role])
    expect(members.sort()).toEqual([
      ['ann', 'owner'],
      ['bob', 'member'],
      ['eve', 'member'],
    ])
    await ann.json('groups', 'kick', '#tea', 'eve')
    expect(await eve.run(['send', made?.conversation, 'why?'])).toMatchObject({ code: 1 })
    await bob.json('groups', 'leave', '#tea')
    expect((await bob.json('groups')).filter(({ id }) => id === made?.conversation)).toEqual([])
    expect((await ann.json('conversations', '--unread')).map(({ id }) => id)).toContain(made?.conversation)
    await ann.json('read', '#tea')
    await waitUntil(
      async () => !(await ann.json('conversations', '--unread')).some(({ id }) => id === made?.conversation),
      soon,
    )
  })

  test('stats say how long somebody is online, and when he was seen last', async () => {
    const { ann, bob } = cast()
    const tail = bob.start(['tail'])
    await waitUntil(() => online(ann, 'bob'), soon)
    const [stats] = await ann.json('stats', 'bob')
    expect(stats).toMatchObject({ user: { name: 'bob' }, online: true, since: expect.any(String) })
    expect(stats?.onlineMs).toBeGreaterThanOrEqual(0)
    expect((await ann.run(['stats', 'bob'])).out).toMatch(/^bob \(bob, \d+\)\nonline for \d+ s/)
    expect(await tail.stop('SIGTERM')).toMatchObject({ code: 0 })
    await waitUntil(async () => !(await online(ann, 'bob')), soon)
    expect((await ann.run(['stats', 'bob'])).out).toMatch(/\noffline, seen \d+ s ago \(/)
  })

  testSeed(() => venue?.urls ?? [])
  testScreen(() => venue?.urls ?? [], password)

  test('popular words are counted, and messages are found', async () => {
    const { ann, bob } = cast()
    await ann.json('groups', 'create', 'Birds', '--name', 'birds', '--join', 'open', '--member', 'bob')
    for (const text of ['kingfisher', 'a kingfisher!', 'two kingfishers']) await ann.json('send', '#birds', text)
    await waitUntil(
      async () =>
        (await bob.json('popular', '--n', '100')).some(({ word, count }) => word === 'kingfisher' && count === 2),
      soon,
    )
    expect((await bob.run(['popular', '--n', '100'])).out).toMatch(/^ +2 {2}kingfisher$/m)
    expect(await bob.json('popular', '--from', '2001-01-01', '--to', '2001-01-02')).toEqual([])
    expect(await bob.run(['popular', '--from', 'yesterday'])).toMatchObject({ code: 2 })
    const found = await bob.json('search', 'kingfisher', '--in', '#birds')
    expect(found.map(({ seq }) => seq)).toContain(3)
  })

  test('any other request of the protocol can be made', async () => {
    const { ann } = cast()
    expect(await ann.json('request', 'users', '{"query":"bo"}')).toMatchObject([{ items: [{ name: 'bob' }] }])
    expect(await ann.run(['request', 'nonsense'])).toMatchObject({ code: 1, err: expect.stringContaining('invalid') })
  })
}

const online = async (line: CommandLine, name: string): Promise<boolean> =>
  (await line.json('stats', name))[0]?.online === true
