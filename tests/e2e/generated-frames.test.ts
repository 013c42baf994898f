import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { directConversation } from '@chat/schemas'
import { closeCode, isErrorCode } from '@chat/schemas/protocol'
import type { ServiceProcess } from '@chat/stack'
import { registerAccounts } from '@chat/stack/system'
import { type Account, type Frame, logIn } from '@chat/testkit'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, connectLive, type Rude, tellsInternals } from './bad-input-client.ts'
import { message, startServer, stopServer } from './bad-input-target.ts'
import { brokenTexts, framesOf, type KnownIds } from './generated-frames.ts'

/**
 * Frames made from the schemas that the protocol's documents are made of, right ones and broken ones, to a server that people use. What
 * each is to be answered is not known here, only what no answer may be: a failure of the server, several answers, or none.
 */
const isLong = process.env.CHAT_TEST_LONG === '1'
const runs = isLong ? 1_000 : 60
/** So many that every refusal that is looked for at the end comes, whatever is drawn: the rarest is one of some hundred frames. */
const socketRuns = isLong ? 1_000 : 300
/** Times that as many runs are made again while some refusal that must come has not come. */
const moreRunsMax = 10
const framesPerRun = 20

let folder: string
let server: ServiceProcess
let account: Account
let known: KnownIds
let bystander: Rude
let bystanderGroup: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chat-generated-frames-'))
  server = await startServer(folder, { CHAT_LIMITS: 'off' })
  const [own, other, third] = (await registerAccounts([server.url], 3)) as [Account, Account, Account]
  account = own
  bystander = await connectLive(server.url, await logIn(server.url, other, crypto.randomUUID()))
  const group = { op: 'group.create', title: 'theirs', visibility: 'private', members: [third.userId] }
  bystanderGroup = String((await bystander.ask(group)).conversation)
  const mine = await connectLive(server.url, await logIn(server.url, own, crypto.randomUUID()))
  const shared = await mine.ask({ op: 'group.create', title: 'ours', visibility: 'private', members: [other.userId] })
  mine.drop()
  known = {
    users: [own.userId, other.userId, third.userId],
    conversations: [
      ...[String(shared.conversation), bystanderGroup, directConversation(other.userId, third.userId)],
      ...[directConversation(own.userId, own.userId), directConversation(own.userId, other.userId)],
    ],
    nowMs: Date.now(),
  }
}, 120_000)

afterAll(async () => {
  bystander?.drop()
  if (server !== undefined) await stopServer(server, folder)
})

let token = ''
/** On a connection that lives: the last one may have said `logout`. */
const connect = async (): Promise<Rude> => {
  if (token !== '') {
    const live = await connectLive(server.url, token)
    if ((await live.ask({ op: 'ping' }).catch(() => ({ op: 'error' }))).op === 'ok') return live
  }
  token = await logIn(server.url, account, crypto.randomUUID())
  return connectLive(server.url, token)
}

const endsSession = ({ op }: { readonly op: unknown }) => op === 'logout' || op === 'session.end'
const failures = ['internal', 'timeout', 'unavailable']

const wrongIn = (answer: Frame): string | undefined => {
  if (tellsInternals(JSON.stringify(answer))) return 'it tells internals'
  if (answer.op === 'ok') return undefined
  const code = String(answer.code)
  if (answer.op !== 'error' || !isErrorCode(code)) return 'it is neither ok nor an error of the protocol'
  return failures.includes(code) ? 'the server failed' : undefined
}

test('every frame on a socket is answered, and never by a failure', async () => {
  const frames = fc.array(framesOf(known), { minLength: 1, maxLength: framesPerRun })
  const codes = new Set<unknown>()
  const areAnswered = fc.asyncProperty(frames, async (batch) => {
    const live = await connect()
    for (const frame of batch) {
      if (!live.isOpen()) break
      const answer = await live.ask(frame).catch((error: Error) => {
        if (endsSession(frame) && /4401/.test(error.message)) return undefined // Closed before it could be read.
        throw error
      })
      if (answer === undefined) break
      const wrong = wrongIn(answer)
      if (wrong !== undefined) throw new Error(`${wrong}: ${JSON.stringify({ frame, answer }).slice(0, 2_000)}`)
      codes.add(answer.op === 'ok' ? 'ok' : answer.code)
    }
    live.drop()
  })
  await fc.assert(areAnswered, { numRuns: socketRuns })
  // It was no formality: frames got beyond the look at their shape, and the domain had something to say. Rare ones are given more turns.
  const due = ['ok', 'invalid', 'not_found', 'forbidden', 'no_such_conversation', 'no_such_message']
  for (let more = 0; more < moreRunsMax && due.some((code) => !codes.has(code)); more++)
    await fc.assert(areAnswered, { numRuns: socketRuns })
  for (const code of due) expect(codes, code).toContain(code)
}, 600_000)

test('every frame by HTTP is answered, and never with 5xx', async () => {
  const frames = fc.array(framesOf(known), { minLength: 1, maxLength: framesPerRun })
  const statuses = new Set<number>()
  await fc.assert(
    fc.asyncProperty(frames, async (batch) => {
      ;(await connect()).drop()
      for (const frame of batch) {
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
        const answer = await ask(server.url, {
          method: 'POST',
          path: '/v1/requests',
          headers,
          body: JSON.stringify(frame),
        })
        statuses.add(answer.status)
        const isWrong = answer.status >= 500 || tellsInternals(answer.text)
        if (isWrong) throw new Error(JSON.stringify({ frame, answer }).slice(0, 2_000))
      }
    }),
    { numRuns: runs },
  )
  for (const status of [200, 400, 403, 404]) expect(statuses, String(status)).toContain(status)
}, 600_000)

test('a frame that was broken as a text is answered, or closes its own connection as malformed', async () => {
  await fc.assert(
    fc.asyncProperty(brokenTexts(framesOf(known)), async (text) => {
      const live = await connect()
      live.say(text)
      const after = await Promise.race([
        live.ask({ op: 'ping' }).then(
          ({ op }) => op,
          () => live.closed,
        ),
        live.closed,
      ])
      const mayBe: readonly unknown[] = ['ok', closeCode.malformed, closeCode.frameTooBig, closeCode.sessionEnded]
      if (!mayBe.includes(after)) throw new Error(`${after} after ${JSON.stringify(text).slice(0, 2_000)}`)
      live.drop()
    }),
    { numRuns: runs * 3 },
  )
}, 600_000)

test('others were not touched, and the server is well', async () => {
  expect(await bystander.ask(message(bystanderGroup, 'still here'))).toMatchObject({ op: 'ok', seq: 2 })
  expect((await ask(server.url, { path: '/healthz' })).text).toBe('{"status":"ok"}')
  const reported = server
    .logs()
    .split('\n')
    .filter((line) => /"level":(50|60)|Error:|\n\s+at /.test(line))
  expect(reported).toEqual([])
})
