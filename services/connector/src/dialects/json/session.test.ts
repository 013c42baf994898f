import { silentLogger } from '@chat/runtime'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import type { Line, Push } from '../line.ts'
import { createNames } from '../names.ts'
import { openSession } from '../open-session.ts'
import { PacedWriter } from '../paced-writer.ts'
import type { JsonPorts } from './json-ports.ts'
import { jsonTo } from './numbers.ts'
import { JsonSession } from './session.ts'

test('what is told while somebody logs in comes after the answer, to his old number', async () => {
  const clock = createFakeClock(0)
  const frames: string[] = []
  const write = (bytes: Buffer, done: () => void) => {
    frames.push(bytes.subarray(0, bytes.indexOf(0)).toString())
    done()
  }
  const socket = { remoteAddress: '', write, end: () => {}, destroy: () => {}, pause: () => {}, resume: () => {} }
  const writer = new PacedWriter(socket, clock, 10, () => {})
  const notice = (message: string) => ({ op: 'notice', code: 'announcement', message })
  let hear: (push: Push) => void = () => expect.unreachable()
  const ask = async () => {
    if (frames.length === 0) hear(notice('early'))
    hear = () => {}
    return { op: 'ok', ref: 1, items: [], conversations: [], token: 't', hasMore: false } as never
  }
  const line: Line = { ask, request: ask, newClientMsgId: () => '', close: () => {}, isOpen: true }
  const ports: JsonPorts = {
    ...{ clock, random: createSeededRandom(1), logger: silentLogger, names: createNames(), dialect: jsonTo },
    ...{ timeOf: () => 'now', isAutofriend: false, pacingMs: 10, accept: () => expect.unreachable(), api: {} as never },
    numbers: { idOf: async (_, number) => number, numbersOf: async () => (id) => (id === 1_000 ? 7 : id) },
  }
  const loggedIn = { line, user: { id: 1_000, name: 'ann' }, end: async () => {} }
  const session = await openSession({
    enter: async ({ onPush }) => {
      hear = onPush
      return loggedIn
    },
    open: () => new JsonSession(ports, loggedIn, writer, (error) => expect.unreachable(String(error))),
    onClosed: () => expect.unreachable(),
  })
  expect(session).toBeInstanceOf(JsonSession)
  if (session instanceof JsonSession) session.hear(notice('late'))
  await clock.advance(100)
  const told = (msg: string) => ({ msgid: 5, id: 0, name: 'server', to: 7, msg, time: 'now' })
  expect(frames.map((frame) => JSON.parse(frame))).toEqual([
    { msgid: 2, errno: 0, id: 7, name: 'ann' },
    told('early'),
    told('late'),
  ])
})
