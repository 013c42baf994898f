import { type Account, createDevice, type Device, waitUntil } from '@chat/testkit'

/** Two people on the same connector who talk the whole time and must notice nothing. */
export interface Innocents {
  readonly conversation: string
  /** Ends the talk, once everything said was acknowledged and seen by the other. */
  stop(): Promise<Talk>
}

interface Talk {
  readonly said: number
  readonly slowestAckMs: number
  readonly connects: number
  readonly closes: readonly number[]
  readonly resyncs: number
  readonly contradictions: readonly string[]
  /** Messages that the listener got by pushes alone. */
  readonly heard: number
}

const everyMs = 50

export const startInnocents = async (url: string, [ann, bob]: readonly [Account, Account]): Promise<Innocents> => {
  const speaker = createDevice({ urls: [url], account: ann })
  const listener = createDevice({ urls: [url], account: bob })
  const both: readonly Device[] = [speaker, listener]
  await Promise.all(both.map((device) => device.connect()))
  const members = [bob.userId]
  const created = await speaker.request('group.create', { title: 'tea', visibility: 'private', members })
  const conversation = String(created.conversation)
  let said = 0
  let acknowledged = 0
  let slowestAckMs = 0
  const timer = setInterval(async () => {
    const saidMs = performance.now()
    await speaker.send(conversation, `word ${said++}`)
    acknowledged++
    slowestAckMs = Math.max(slowestAckMs, performance.now() - saidMs)
  }, everyMs)
  const heard = () => [...listener.shown(conversation).values()].filter(({ type }) => type === 'messagePosted').length
  return {
    conversation,
    stop: async () => {
      clearInterval(timer)
      await waitUntil(() => acknowledged === said && heard() === said, {
        deadlineMs: 10_000,
        what: () => `${said} said, ${acknowledged} acknowledged, ${heard()} heard`,
      })
      const wires = both.map((device) => device.wire)
      await Promise.all(both.map((device) => device.close()))
      return {
        said,
        slowestAckMs,
        heard: heard(),
        connects: wires.reduce((sum, { connects }) => sum + connects, 0),
        closes: wires.flatMap(({ closes }) => closes).filter((code) => code !== 1000 && code !== 1005),
        resyncs: wires.reduce((sum, { resyncs }) => sum + resyncs, 0),
        contradictions: wires.flatMap(({ contradictions }) => contradictions),
      }
    },
  }
}
