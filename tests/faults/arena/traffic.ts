import { type Clock, every, uuidV7 } from '@chat/runtime'
import { systemRandom } from '@chat/runtime/system'
import { type Acknowledged, type Device, RequestError, waitUntil } from '@chat/testkit'

export interface Place {
  readonly conversation: string
  /** At least two, all of members. */
  readonly devices: readonly Device[]
}

/** Texts in an open loop, spread evenly over devices and places, until it is stopped; to some of them something is done afterwards. */
export interface Traffic {
  start(): void
  counts(): TrafficCounts
  /** Offers no more. */
  pause(): void
  /** Offers no more, and waits until all is answered. */
  stop(): Promise<void>
}

interface TrafficCounts {
  readonly sent: number
  readonly accepted: number
  /** code → how many sends were refused for good. */
  readonly refused: ReadonlyMap<string, number>
  /** Not sent, as too much of the device waited for an answer. */
  readonly held: number
}

/** Of one device; what is offered beyond it while the system is away is not sent. */
const waitingMax = 48
const tickMs = 10
/** So many messages are accepted for each that something is done to, … */
const deedEvery = 8
/** … once so many more of those have come: by then the read models know of it. */
const deedsBehind = 25
const answeredWithinMs = 120_000

const thumb = { op: 'react', fields: { emoji: '👍' } }
const edit = { op: 'edit', fields: { body: { kind: 'text', text: 'what was meant' } } }
const deeds = [thumb, edit, thumb, edit, { op: 'unreact', fields: thumb.fields }, { op: 'delete', fields: {} }]

export const createTraffic = (options: {
  readonly clock: Clock
  readonly perSecond: number
  /** Asked at each message: scenarios add places. */
  readonly places: () => readonly Place[]
}): Traffic => {
  const { clock, perSecond } = options
  const waiting = new Map<Device, number>()
  const refused = new Map<string, number>()
  let offered = 0
  let sent = 0
  let accepted = 0
  let held = 0
  let acts = 0
  let acting = 0
  const chosen: { readonly acknowledged: Acknowledged; readonly author: Device }[] = []
  let cancel = () => {}

  const post = ({ conversation, devices }: Place, round: number) => {
    const device = devices[round % devices.length]
    if (device === undefined) throw new Error(`nobody speaks in ${conversation}`)
    const count = waiting.get(device) ?? 0
    if (count >= waitingMax) {
      held++
      return
    }
    waiting.set(device, count + 1)
    sent++
    device
      .send(conversation, `message ${sent}`)
      .then(
        (acknowledged) => {
          accepted++
          if (accepted % deedEvery !== 0) return
          chosen.push({ acknowledged, author: device })
          if (chosen.length > deedsBehind) actOn(chosen.shift())
        },
        (error: unknown) => {
          const code = error instanceof RequestError ? error.code : String(error)
          refused.set(code, (refused.get(code) ?? 0) + 1)
        },
      )
      .finally(() => waiting.set(device, (waiting.get(device) ?? 1) - 1))
  }
  /** Asked once: what becomes of it, the history tells. */
  const actOn = (spoken: (typeof chosen)[number] | undefined) => {
    const deed = deeds[++acts % deeds.length]
    if (spoken === undefined || deed === undefined) return
    const { conversation, seq } = spoken.acknowledged
    const { op, fields } = deed
    const clientMsgId = uuidV7(clock.now(), systemRandom)
    acting++
    spoken.author
      .request(op, { conversation, seq, clientMsgId, ...fields })
      .catch(() => {})
      .finally(() => acting--)
  }
  const left = () => [...waiting.values()].reduce((sum, count) => sum + count, acting)

  return {
    start: () => {
      const startMs = clock.monotonic() - (offered / perSecond) * 1_000
      cancel = every(clock, tickMs, () => {
        const places = options.places()
        const due = ((clock.monotonic() - startMs) * perSecond) / 1_000
        for (; offered < due; offered++) {
          const place = places[offered % places.length]
          if (place !== undefined) post(place, Math.floor(offered / places.length))
        }
      })
    },
    counts: () => ({ sent, accepted, refused, held }),
    pause: () => cancel(),
    stop: async () => {
      cancel()
      await waitUntil(() => left() === 0, {
        deadlineMs: answeredWithinMs,
        what: () => `everything is answered: ${left()} are not`,
        everyMs: 50,
      })
    },
  }
}
