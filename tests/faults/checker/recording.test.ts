import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFakeClock } from '@chat/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRecordingObserver } from '../client.ts'
import type { HistoryEvent } from '../history.ts'
import { encodeLine, parseHistory } from '../history-lines.ts'
import { createRecorder, type Recorder, readHistory } from '../recorder.ts'
import { check } from './index.ts'
import { createCleanHistory } from './story/clean-history.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chat-recording-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

const startRecorder = (path?: string) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const recorder = createRecorder({ clock, label: 'x', clockErrorMs: 5, ...(path === undefined ? {} : { path }) })
  return { clock, recorder }
}

test('what is recorded is stamped with the time since the start, and read back from the file as it was', async () => {
  const path = join(folder, 'history.jsonl')
  const { clock, recorder } = startRecorder(path)
  await clock.advance(20)
  // More than is buffered, in characters of two bytes.
  for (let line = 0; line < 3000; line++)
    recorder.record({ what: 'faultBegun', fault: line, name: 'é'.repeat(100), target: 'router 1' })
  await clock.advance(5)
  recorder.record({ what: 'faultEnded', fault: 1 })
  expect(readFileSync(path, 'utf8').length, 'most of it is written before the end').toBeGreaterThan(256 * 1024)
  const recorded = recorder.end()
  expect(await readHistory(path)).toEqual(recorded)
  expect(recorded.slice(0, 1)).toEqual([
    { what: 'started', at: 0, label: 'x', wallMs: Date.UTC(2026, 0, 1), clockErrorMs: 5 },
  ])
  expect(recorded.slice(-2)).toEqual([
    { what: 'faultEnded', at: 25, fault: 1 },
    { what: 'ended', at: 25, lines: 3002 },
  ])
  expect(() => recorder.record({ what: 'faultEnded', fault: 2 })).toThrow('after the end')
})

test('every kind of line survives the file', async () => {
  const story = await createCleanHistory({ seed: 1, messages: 60, users: 6, groups: 3, pageEventsMax: 5 })
  const lines = [...story, { what: 'ended', at: story.at(-1)?.at ?? 0, lines: story.length } as const].map(encodeLine)
  const read = await parseHistory(lines)
  expect(read.slice(0, -1)).toEqual(story)
  expect(await check(read)).toEqual([])
})

const whole: readonly HistoryEvent[] = [
  { what: 'started', at: 0, label: 'x', wallMs: 1, clockErrorMs: 1 },
  { what: 'device', at: 3, device: 'd', user: 1 },
  { what: 'ended', at: 4, lines: 2 },
]

test.for<readonly [string, readonly string[], RegExp]>([
  ['that lost a line', whole.toSpliced(1, 1).map(encodeLine), /1 lines where 2 were written/],
  ['that was cut short', whole.slice(0, 2).map(encodeLine), /no end/],
  ['with a line cut in two', [...whole.map(encodeLine).slice(0, 2), '{"what":"ended","a'], /JSON/],
  ['with a kind that nobody knows', ['{"what":"guessed","at":0}'], /line 1: there is no guessed/],
  ['with a field that is missing', ['{"what":"device","at":0,"user":1}'], /line 1: device is undefined/],
  ['with a field of another type', ['{"what":"device","at":0,"device":"d","user":"1"}'], /line 1: user is "1"/],
  [
    'in which time goes back',
    [...whole.slice(0, 2), { ...whole[2], at: 2 } as HistoryEvent].map(encodeLine),
    /goes back/,
  ],
])('a file %s is refused', async ([, lines, why]) => {
  await expect(parseHistory(lines)).rejects.toThrow(why)
})

const observe = (hear: (observer: ReturnType<typeof createRecordingObserver>) => void): readonly object[] => {
  const { recorder }: { readonly recorder: Recorder } = startRecorder()
  hear(createRecordingObserver(recorder, 'd', 7))
  return recorder.history().slice(1)
}

const at = '2026-01-01T00:00:00.000Z'
const event = {
  seq: 4,
  type: 'messagePosted',
  actor: 9,
  at,
  data: { clientMsgId: 'm', body: { kind: 'text', text: 'x' } },
}

test('a send to a user is recorded under the conversation of the two, with its answer', () => {
  const body = { kind: 'text', text: 'hi' }
  const lines = observe(({ sent, received }) => {
    sent(1, { op: 'hello', ref: 1, token: 'secret' })
    sent(1, { op: 'send', ref: 2, to: { user: 3 }, clientMsgId: 'm', after: 'l', body })
    received(1, { op: 'ok', ref: 1 })
    received(1, { op: 'ok', ref: 2, conversation: 'd3.7', seq: 5, position: 'p', at, duplicate: true })
  })
  expect(lines).toMatchObject([
    { what: 'invoked', op: 'send', conversation: 'd3.7', clientMsgId: 'm', after: 'l', text: 'hi', ref: 2 },
    { what: 'answered', ref: 2, outcome: 'ok', conversation: 'd3.7', seq: 5, position: 'p', isDuplicate: true },
  ])
  expect(JSON.stringify(lines)).not.toContain('secret')
})

test('pages are recorded with what the request named as held; a reset names nothing', () => {
  const conversation = { id: 'g1', from: 4, to: 4, readSeq: 2, events: [event] }
  const lines = observe(({ sent, received }) => {
    sent(1, { op: 'sync', ref: 1, token: 't', known: { g1: 3 } })
    received(1, { op: 'ok', ref: 1, conversations: [conversation] })
    sent(1, { op: 'sync', ref: 2, token: 't', known: { g1: 3 } })
    received(1, { op: 'ok', ref: 2, reset: true, conversations: [conversation] })
    sent(1, { op: 'history', ref: 3, conversation: 'g1', after: 0 })
    received(1, { op: 'ok', ref: 3, from: 1, to: 4, events: [event] })
  })
  const pages = lines.filter((line) => (line as HistoryEvent).what === 'paged')
  const seen = [{ seq: 4, type: 'messagePosted', actor: 9, clientMsgId: 'm' }]
  expect(pages).toMatchObject([
    { by: 'sync', conversation: 'g1', after: 3, from: 4, to: 4, readSeq: 2, events: seen },
    { by: 'sync', conversation: 'g1', after: null },
    { by: 'history', conversation: 'g1', after: 0, from: 1, to: 4, readSeq: null, events: seen },
  ])
})

test('pushes of every kind, what is shown and what is watched are recorded', () => {
  const lines = observe(({ sent, received, shown, connected, closed }) => {
    received(1, { op: 'ok', ref: 0, connector: 'c-1' })
    connected(1)
    received(1, { op: 'event', conversation: 'g1', ...event })
    shown('g1', event, 'push')
    received(1, { op: 'receipt', conversation: 'g1', user: 9, deliveredSeq: 4, readSeq: 3 })
    sent(1, { op: 'presence.watch', ref: 1, users: [9] })
    received(1, { op: 'ok', ref: 1, users: [{ id: 9, online: true }] })
    received(1, { op: 'presence', user: 9, online: false })
    sent(1, { op: 'presence.unwatch', ref: 2, users: [9] })
    closed(1, 1006)
  })
  expect(lines).toMatchObject([
    { what: 'connected', connection: 1, connector: 'c-1' },
    { what: 'pushed', conversation: 'g1', seq: 4, actor: 9, clientMsgId: 'm' },
    { what: 'shown', conversation: 'g1', seq: 4, clientMsgId: 'm', by: 'push' },
    { what: 'receiptPushed', user: 9, deliveredSeq: 4, readSeq: 3 },
    { what: 'invoked', op: 'presence.watch' },
    { what: 'answered', ref: 1, outcome: 'ok' },
    { what: 'presenceSeen', user: 9, isOnline: true },
    { what: 'presenceSeen', user: 9, isOnline: false },
    { what: 'invoked', op: 'presence.unwatch' },
    { what: 'unwatched', users: [9] },
    { what: 'closed', code: 1006 },
  ])
})
