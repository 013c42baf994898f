import { describe, expect, test } from 'vitest'
import { createTestSurroundings, startMs, type TestAnswer, testLogin, testUrl, testUser } from '../test-surroundings.ts'
import { runCommandLine } from './run.ts'

const ok = (body: object): TestAnswer => ({ status: 200, body })
const refused = (status: number, code: string, retryAfterMs?: number): TestAnswer => ({
  status,
  body: { code, detail: `it is ${code}`, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
})

const runWith = async (args: readonly string[], options: Parameters<typeof createTestSurroundings>[0] = {}) => {
  const surroundings = createTestSurroundings({ login: testLogin(), ...options })
  const code = await runCommandLine(args, surroundings)
  return { code, out: surroundings.written.join(''), err: surroundings.told.join(''), surroundings }
}

const sentFrames = ({ requests }: ReturnType<typeof createTestSurroundings>) => requests.map(({ body }) => body)

describe('how a command line ends', () => {
  test.each([
    [['whoami'], ok({ op: 'ok', user: testUser }), 0, 'ann (Ann, 7)\n', ''],
    [['whoami'], refused(403, 'suspended'), 1, '', 'chat: suspended: it is suspended\n'],
    [['nonsense'], ok({}), 2, '', 'chat: there is no command nonsense: chat --help lists them\n'],
    [[], ok({}), 2, '', 'chat: which command? chat --help lists them\n'],
    [['whoami', 'too', 'much'], ok({}), 2, '', 'chat: usage: chat whoami\n'],
    [['whoami'], { status: 502, body: undefined }, 3, '', `chat: ${testUrl} answers HTTP 502: no chat server\n`],
    [['whoami'], new Error('refused'), 3, '', `chat: no answer from ${testUrl}: refused\n`],
    [['whoami', '--url', 'ftp://x'], ok({}), 2, '', 'chat: ftp://x is no http:// or https:// address\n'],
  ] as const)('%j', async (args, answer, code, out, err) => {
    expect(await runWith(args, { answer: () => answer })).toMatchObject({ code, out, err })
  })

  test('nobody is logged in, or at another server, whose token this one does not get', async () => {
    const elsewhere = await runWith(['whoami', '--url', 'http://other.test'])
    expect(elsewhere).toMatchObject({ code: 4 })
    expect(elsewhere.surroundings.requests).toEqual([])
    const surroundings = createTestSurroundings()
    expect(await runCommandLine(['whoami'], surroundings)).toBe(4)
  })

  test('with --json a failure is one object on stderr', async () => {
    const { code, out, err } = await runWith(['whoami', '--json'], {
      answer: () => refused(429, 'rate_limited', 60_000),
    })
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(JSON.parse(err)).toEqual({
      error: { code: 'rate_limited', message: 'it is rate_limited', retryAfterMs: 60_000 },
    })
  })

  test('what is told of the server holds nothing that acts on a terminal', async () => {
    const { err } = await runWith(['whoami'], {
      answer: () => ({ status: 403, body: { code: 'x', detail: '\x1b[2Jgone' } }),
    })
    expect(err).toBe('chat: x: ␛[2Jgone\n')
  })
})

describe('help', () => {
  test.each([[['--help']], [['send', '--help']], [['friends', 'add', '--help']], [['--json', 'groups', '--help']]])(
    '%j is told on stdout, without a server',
    async (args) => {
      const { code, out, surroundings } = await runWith(args)
      expect({ code, requests: surroundings.requests }).toEqual({ code: 0, requests: [] })
      expect(out).toContain('--json')
    },
  )

  test('that of a group of commands names them', async () => {
    expect((await runWith(['friends', '--help'])).out).toContain('friends accept NAME')
  })
})

describe('a message', () => {
  const answer = (path: string, { body }: { readonly body?: object }): TestAnswer => {
    const frame = body as { readonly op: string; readonly name?: string }
    if (frame.op === 'user') return ok({ user: { ...testUser, id: 12, name: frame.name ?? '' } })
    return path.startsWith('/v1/requests')
      ? ok({ conversation: 'd7.12', seq: 5, position: 'p9' })
      : refused(404, 'not_found')
  }

  test('goes to a user by name', async () => {
    const { out, surroundings } = await runWith(['send', 'bob', 'hi', 'there'], { answer })
    expect(out).toBe('sent d7.12/5\n')
    expect(sentFrames(surroundings)).toMatchObject([
      { op: 'user', name: 'bob' },
      { op: 'send', to: { user: 12 }, body: { kind: 'text', text: 'hi there' } },
    ])
  })

  test('comes from stdin when it is not named, without the last line end', async () => {
    const { surroundings } = await runWith(['send', 'd7.12'], { answer, piped: 'two\nlines\n' })
    expect(sentFrames(surroundings)).toMatchObject([{ to: { conversation: 'd7.12' }, body: { text: 'two\nlines' } }])
  })

  test('that begins with a dash stands behind two', async () => {
    const { surroundings } = await runWith(['send', 'd7.12', '--', '-1', '--help'], { answer })
    expect(sentFrames(surroundings)).toMatchObject([{ body: { text: '-1 --help' } }])
  })

  test('is sent again with its id when no answer came, and later when the server says so', async () => {
    const answers: TestAnswer[] = [new Error('lost'), refused(429, 'rate_limited', 2_000), ok({ seq: 1 })]
    const { code, surroundings } = await runWith(['send', 'd7.12', 'hi'], { answer: () => answers.shift() ?? ok({}) })
    const ids = sentFrames(surroundings).map((frame) => (frame as { clientMsgId: string }).clientMsgId)
    expect(code).toBe(0)
    expect(ids).toHaveLength(3)
    expect(new Set(ids).size).toBe(1)
    expect(surroundings.waitedMs()).toBe(250 + 2_000)
  })

  test('is seen by the next command', async () => {
    const { surroundings } = await runWith(['send', 'd7.12', 'hi'], { answer })
    await runCommandLine(['whoami'], surroundings)
    expect(surroundings.requests.at(-1)?.url).toBe(`${testUrl}/v1/requests?minPos=p9`)
  })
})

describe('output', () => {
  const events = [
    {
      ...{ conversation: 'd7.12', seq: 1, type: 'messagePosted', actor: 7, at: new Date(startMs).toISOString() },
      data: { body: { kind: 'text', text: 'a\x1b[31m\u202eb\nc' } },
    },
    {
      ...{ conversation: 'd7.12', seq: 2, type: 'unheardOf', actor: 7, at: new Date(startMs).toISOString() },
      data: {},
    },
  ]
  const answer = () => ok({ events, from: 1, to: 2, hasMore: false })

  test('is text without colours where it is no terminal, and what was said cannot act on one', async () => {
    const { out } = await runWith(['history', 'd7.12'], { answer })
    expect(out).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d d7\.12\/1 ann: a␛\[31mb\n {4}c\n$/)
  })

  test('is an event a line with --json, which reads as it was said', async () => {
    const { out } = await runWith(['history', 'd7.12', '--json'], { answer })
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(events.map((event) => ({ ...event, actorName: 'ann' })))
    expect(['\x1b', '\u202e'].filter((acting) => out.includes(acting))).toEqual([])
  })

  test('has colours when they are asked for, and not under NO_COLOR', async () => {
    const coloured = await runWith(['history', 'd7.12'], { answer, env: { FORCE_COLOR: '1' } })
    expect(coloured.out).toContain('\x1b[1mann:')
    const plain = await runWith(['history', 'd7.12'], { answer, env: { FORCE_COLOR: '1', NO_COLOR: '1' } })
    expect(plain.out).not.toContain('\x1b')
  })
})
