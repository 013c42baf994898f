import { waitUntil } from '@chat/testkit'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import type { Person } from './host-login.ts'

/** Somebody who is connected and only hears what is pushed to him: no sync and no history make good what is missing. */
export interface Listener {
  readonly person: Person
  /** The `seq` of each push of the conversation, in the order of arrival. */
  readonly heard: readonly number[]
  /** What a listener must not meet: a lost connection, a `resync`. */
  readonly mishaps: readonly string[]
  close(): void
}

/** Members hear the same bytes: kept once for all of them, by `seq`. */
export interface Transcript {
  readonly texts: Map<number, string>
  /** A `seq` that somebody heard otherwise. */
  readonly contradictions: string[]
}

export const createTranscript = (): Transcript => ({ texts: new Map(), contradictions: [] })

/** Resolves when its hello was answered. */
export const listen = async (person: Person, conversation: string, transcript: Transcript): Promise<Listener> => {
  const heard: number[] = []
  const mishaps: string[] = []
  let isWelcome = false
  const { url, accessToken, device } = person
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, 'chat.v1', { perMessageDeflate: false })
  const hear = (text: string) => {
    const frame = JSON.parse(text) as { op: string; conversation?: string; seq?: number }
    if (frame.op === 'resync') mishaps.push('resync')
    if (frame.op === 'ok') isWelcome = true
    if (frame.op === 'error') mishaps.push(text)
    if (frame.op !== 'event' || frame.conversation !== conversation || frame.seq === undefined) return
    heard.push(frame.seq)
    const known = transcript.texts.get(frame.seq)
    if (known === undefined) transcript.texts.set(frame.seq, text)
    else if (known !== text) transcript.contradictions.push(`${person.userId} heard ${text}, others ${known}`)
  }
  socket.on('message', (data) => hear(String(data)))
  socket.on('close', (code) => mishaps.push(`closed with ${code}`))
  socket.on('error', (error) => mishaps.push(error.message))
  socket.on('open', () => socket.send(JSON.stringify({ op: 'hello', ref: 1, token: accessToken, device })))
  await waitUntil(() => isWelcome || mishaps.length > 0, { deadlineMs: 30_000, what: 'hello is answered' })
  expect(mishaps).toEqual([])
  const close = () => void socket.removeAllListeners('close').close()
  return { person, heard, mishaps, close }
}

/** From the event that let somebody in to the one that let him out, both his to hear; `to` is undefined as long as he stays. */
export interface Stay {
  readonly from: number
  to: number | undefined
}

const range = ({ from, to }: Stay, last: number): readonly number[] =>
  Array.from({ length: (to ?? last) - from + 1 }, (_, index) => from + index)

/** Everything of his stays was pushed to him, exactly once, in order, and nothing else. `last`: the newest `seq`. */
export const expectHeard = (listener: Listener, stays: readonly Stay[], last: number): void => {
  const { person, heard, mishaps } = listener
  expect(mishaps, `mishaps of ${person.userId}`).toEqual([])
  const due = stays.flatMap((stay) => range(stay, last))
  expect(heard, `pushes to ${person.userId}`).toEqual(due)
}
