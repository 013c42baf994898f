import { type Random, sleep, uuidV7 } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { WebSocket } from 'ws'
import { type Account, type Frame, logIn, RequestError } from './http.ts'
import { createPushOrder, nothingCounted, type WireCounts } from './wire-counts.ts'

/** What a test needs to know of one device: everything it was shown, and everything that was wrong on the wire. */
export interface Device {
  readonly userId: number
  readonly deviceId: string
  /** Connects and says hello (with the last sync token, if there is one); later losses of the connection are repaired until `close`. */
  connect(): Promise<void>
  /** Queues a text; resolves when the server acknowledged it, however many reconnects and resends that took. */
  send(conversation: string, text: string): Promise<Acknowledged>
  /** One request on the present connection; rejects with RequestError, or when the connection is lost. */
  request(op: string, fields?: object): Promise<Frame>
  /** Syncs from the last token to the last page and fills every gap by `history`. */
  catchUp(): Promise<void>
  /** What this device shows of a conversation, by seq. */
  shown(conversation: string): ReadonlyMap<number, ShownEvent>
  conversations(): readonly string[]
  /** The seq up to which everything of the conversation was shown or is not visible to this user. */
  coveredTo(conversation: string): number
  /** Sends without an answer. */
  unanswered(): number
  readonly wire: WireCounts
  isConnected(): boolean
  /** Gives up the connection without a word, as when nothing is heard on it any more; it is repaired like one that was lost. */
  drop(): void
  /** Stops reconnecting and closes. */
  close(): Promise<void>
}

export interface Acknowledged {
  readonly conversation: string
  readonly seq: number
  readonly clientMsgId: string
  /** Empty: it was learned from its event, which does not tell. */
  readonly position: string
}

export interface ShownEvent {
  readonly seq: number
  readonly type: string
  readonly actor: number
  readonly at: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Hears what happens to a device, when it happens. Connections count from 1; a frame heard is that on the wire, parsed. */
export interface DeviceObserver {
  /** Its hello was answered. */
  connected(connection: number): void
  closed(connection: number, code: number): void
  sent(connection: number, frame: Frame): void
  received(connection: number, frame: Frame): void
  /** The device shows this event for the first time. */
  shown(conversation: string, event: ShownEvent, by: 'push' | 'sync' | 'history'): void
}

export interface DeviceOptions {
  /** Base URLs of connectors (`http://127.0.0.1:8080`), dialled in turn. */
  readonly urls: readonly string[]
  readonly account: Account
  readonly deviceId?: string
  /** How many sends may be unanswered. */
  readonly window?: number
  /** An access token of the account that is there already; without it the device logs in itself. */
  readonly accessToken?: string
  /** A place to keep the sync token between devices of one id, as an app's storage would. */
  readonly syncToken?: string
  readonly random?: Random
  readonly observer?: DeviceObserver
}

interface SyncAnswer {
  readonly token: string
  readonly conversations: readonly Frame[]
  readonly hasMore: boolean
}

interface OutboxEntry {
  readonly conversation: string
  readonly clientMsgId: string
  readonly text: string
  readonly done: PromiseWithResolvers<Acknowledged>
  state: 'queued' | 'sent'
  tries: number
  /** What its last try said was before it. */
  after?: string | undefined
}

/** A server that took the connection and does not answer `hello` is given up, ms. */
const helloWithinMs = 10_000

/** A well-behaved client of PROTOCOL chat.v1: ordered resends, merge by seq, catch-up by sync and history. */
export const createDevice = (options: DeviceOptions): Device => {
  const random = options.random ?? systemRandom
  const window = options.window ?? 16
  const { account, observer } = options
  const deviceId = options.deviceId ?? crypto.randomUUID()
  const wire = nothingCounted()
  const shown = new Map<string, Map<number, ShownEvent>>()
  /** Per conversation: the seq up to which everything was shown or is not visible to this user. */
  const covered = new Map<string, number>()
  const outbox: OutboxEntry[] = []
  const lastAccepted = new Map<string, string>()
  /** Conversation → the timer that ends its wait: it may fire before the wall clock says so. */
  const held = new Map<string, object>()
  const pending = new Map<number, PromiseWithResolvers<Frame>>()
  let socket: WebSocket | undefined
  let pushesHere = createPushOrder(wire)
  let accessToken: { readonly value: string; readonly until: number } | undefined =
    options.accessToken === undefined ? undefined : { value: options.accessToken, until: Date.now() + 10 * 60_000 }
  let syncToken = options.syncToken
  let nextRef = 1
  let connection = 0
  let lastIdMs = 0
  let urlIndex = 0
  let isClosing = false
  let isLive = false

  const show = (conversation: string, event: ShownEvent, by: 'push' | 'sync' | 'history') => {
    const events = shown.get(conversation) ?? new Map<number, ShownEvent>()
    shown.set(conversation, events)
    const known = events.get(event.seq)
    if (known !== undefined && (known.type !== event.type || JSON.stringify(known.data) !== JSON.stringify(event.data)))
      wire.contradictions.push(`${conversation} ${event.seq}`)
    events.set(event.seq, event)
    if (known === undefined) observer?.shown(conversation, event, by)
  }

  const cover = (conversation: string, to: number) =>
    void covered.set(conversation, Math.max(covered.get(conversation) ?? 0, to))

  const transmit = (fields: object): Promise<Frame> => {
    const answer = Promise.withResolvers<Frame>()
    answer.promise.catch(() => {}) // Every caller sees it by awaiting; those that do not, count on the resend.
    if (socket === undefined || socket.readyState !== WebSocket.OPEN) {
      answer.reject(new Error('not connected'))
      return answer.promise
    }
    const ref = nextRef++
    pending.set(ref, answer)
    const frame = { ref, ...fields }
    observer?.sent(connection, frame)
    socket.send(JSON.stringify(frame))
    return answer.promise
  }

  const onAcknowledged = (entry: OutboxEntry, frame: Frame) => {
    const index = outbox.indexOf(entry)
    if (index === -1) return
    outbox.splice(index, 1)
    const { clientMsgId } = entry
    if (frame.duplicate === true) wire.duplicates++
    lastAccepted.set(entry.conversation, clientMsgId)
    entry.done.resolve({
      conversation: String(frame.conversation),
      seq: Number(frame.seq),
      clientMsgId,
      position: String(frame.position),
    })
    pump()
  }

  /** PROTOCOL: its event says that it is in the log as well as its `ok`, which may have been lost long ago. */
  const eventOf = ({ conversation, clientMsgId }: OutboxEntry) =>
    [...(shown.get(conversation)?.values() ?? [])].find(({ data }) => data.clientMsgId === clientMsgId)

  const onRefused = (entry: OutboxEntry, error: unknown) => {
    const event = error instanceof RequestError && error.code === 'too_late' ? eventOf(entry) : undefined
    if (event !== undefined)
      return onAcknowledged(entry, { op: 'ok', conversation: entry.conversation, seq: event.seq, position: '' })
    const isFinal = error instanceof RequestError && error.frame.retry === 'never'
    if (isFinal) {
      const index = outbox.indexOf(entry)
      if (index !== -1) outbox.splice(index, 1)
      return entry.done.reject(error)
    }
    entry.state = 'queued'
    if (!(error instanceof RequestError)) return // The connection is gone: the reconnect pumps again.
    const { after } = entry
    // PROTOCOL: it was accepted, so the order is safe; it is only too long ago for the server to remember.
    if (error.code === 'out_of_order' && after !== undefined && after === lastAccepted.get(entry.conversation))
      lastAccepted.delete(entry.conversation)
    const waitMs = Number(error.frame.retryAfterMs ?? 50)
    const { conversation } = entry
    const timer = {}
    held.set(conversation, timer)
    setTimeout(() => {
      if (held.get(conversation) === timer) held.delete(conversation)
      pump()
    }, waitMs)
  }

  const post = (entry: OutboxEntry, index: number) => {
    entry.state = 'sent'
    if (entry.tries++ > 0) wire.resends++
    const { conversation, clientMsgId, text } = entry
    const before = outbox.slice(0, index).findLast((earlier) => earlier.conversation === conversation)
    const after = before?.clientMsgId ?? lastAccepted.get(conversation)
    entry.after = after
    const body = { kind: 'text', text }
    transmit({ op: 'send', to: { conversation }, clientMsgId, ...(after === undefined ? {} : { after }), body }).then(
      (frame) => onAcknowledged(entry, frame),
      (error) => onRefused(entry, error),
    )
  }

  /** Sends what may go: in order per conversation, never a message while a later one of its conversation is unanswered. */
  const pump = () => {
    if (!isLive) return
    let inFlight = outbox.filter((entry) => entry.state === 'sent').length
    const blocked = new Set<string>()
    for (const [index, entry] of outbox.entries()) {
      if (inFlight >= window) return
      const { conversation } = entry
      if (entry.state === 'sent' || blocked.has(conversation)) continue
      const isOvertaken = outbox
        .slice(index + 1)
        .some((later) => later.conversation === conversation && later.state === 'sent')
      if (held.has(conversation) || isOvertaken) {
        blocked.add(conversation)
        continue
      }
      post(entry, index)
      inFlight++
    }
  }

  const onPush = (frame: Frame) => {
    if (frame.op === 'resync') wire.resyncs++
    // What has no place is in no view.
    if (frame.op !== 'event' || frame.seq === undefined) return
    const { conversation, ...event } = frame as unknown as ShownEvent & { conversation: string }
    pushesHere.note(conversation, event.seq)
    show(conversation, event, 'push')
  }

  const onFrame = (data: string) => {
    const frame = JSON.parse(data) as Frame
    observer?.received(connection, frame)
    const answer = pending.get(Number(frame.ref))
    if (frame.op !== 'ok' && frame.op !== 'error') return onPush(frame)
    if (answer === undefined) return
    pending.delete(Number(frame.ref))
    if (frame.op === 'ok') answer.resolve(frame)
    else answer.reject(new RequestError(frame))
  }

  const onLost = (code: number) => {
    wire.closes.push(code)
    observer?.closed(connection, code)
    const wasLive = isLive
    isLive = false
    socket = undefined
    const lost = [...pending.values()]
    pending.clear()
    for (const answer of lost) answer.reject(new Error(`connection lost: ${code}`))
    for (const entry of outbox) entry.state = 'queued'
    // A connection that never became live is dialled again by whoever dialled it.
    if (wasLive && !isClosing) void reconnect()
  }

  const tokenFor = async (url: string): Promise<string> => {
    if (accessToken === undefined || accessToken.until < Date.now())
      accessToken = { value: await logIn(url, account, deviceId), until: Date.now() + 10 * 60_000 }
    return accessToken.value
  }

  const dial = async (): Promise<void> => {
    const url = options.urls[urlIndex++ % options.urls.length] ?? ''
    const token = await tokenFor(url)
    const opening = new WebSocket(`${url.replace('http', 'ws')}/v1/socket`, 'chat.v1', { handshakeTimeout: 5_000 })
    await new Promise<void>((resolve, reject) => opening.once('open', resolve).once('error', reject))
    opening.on('error', () => {}) // 'close' follows and carries the code.
    opening.on('message', (data) => onFrame(String(data)))
    opening.on('close', (code) => onLost(code))
    socket = opening
    connection++
    pushesHere = createPushOrder(wire)
    const cancel = systemClock.after(helloWithinMs, () => opening.terminate())
    try {
      await transmit({ op: 'hello', token, device: deviceId })
    } catch (error) {
      // The next try logs in again: the session may be over.
      if (error instanceof RequestError && error.code === 'unauthorized') accessToken = undefined
      throw error
    } finally {
      cancel()
    }
    wire.connects++
    observer?.connected(connection)
    isLive = true
    pump()
  }

  const reconnect = async () => {
    for (let attempt = 0; !isClosing && !isLive; attempt++) {
      await sleep(systemClock, random.fraction() * Math.min(1000, 50 * 2 ** attempt))
      await dial().catch(() => socket?.terminate())
    }
  }

  const takeEvents = (conversation: string, page: Frame, by: 'sync' | 'history') => {
    for (const event of (page.events ?? []) as ShownEvent[]) show(conversation, event, by)
    cover(conversation, Number(page.to))
  }

  /** Pages forward until nothing is missing up to the newest seq. */
  const fillForward = async (conversation: string) => {
    for (let hasMore = true; hasMore; ) {
      const page = await transmit({ op: 'history', conversation, after: covered.get(conversation) ?? 0, limit: 200 })
      takeEvents(conversation, page, 'history')
      hasMore = page.hasMore === true
    }
  }

  const catchUp = async () => {
    for (let hasMore = true; hasMore; ) {
      const known = Object.fromEntries([...covered].slice(0, 500))
      const page = (await transmit({
        op: 'sync',
        ...(syncToken === undefined ? {} : { token: syncToken }),
        known,
      })) as unknown as SyncAnswer
      wire.syncPages++
      for (const conversation of page.conversations) {
        const id = String(conversation.id)
        const isContinued = Number(conversation.from) <= (covered.get(id) ?? 0) + 1
        if (isContinued) takeEvents(id, conversation, 'sync')
        if (conversation.truncated === true) wire.truncations++
        if (!isContinued || conversation.truncated === true) await fillForward(id)
      }
      syncToken = page.token
      hasMore = page.hasMore
    }
  }

  return {
    userId: account.userId,
    deviceId,
    wire,
    connect: () => {
      isClosing = false
      return dial()
    },
    send: (conversation, text) => {
      // Ids grow, as a window of the newest ones asks for: no two of a device are of one millisecond.
      lastIdMs = Math.max(Date.now(), lastIdMs + 1)
      const clientMsgId = uuidV7(lastIdMs, random)
      const done = Promise.withResolvers<Acknowledged>()
      outbox.push({ conversation, clientMsgId, text, done, state: 'queued', tries: 0 })
      pump()
      return done.promise
    },
    request: (op, fields = {}) => transmit({ op, ...fields }),
    catchUp,
    shown: (conversation) => shown.get(conversation) ?? new Map(),
    conversations: () => [...shown.keys()],
    coveredTo: (conversation) => covered.get(conversation) ?? 0,
    unanswered: () => outbox.filter((entry) => entry.state === 'sent').length,
    isConnected: () => isLive,
    drop: () => socket?.terminate(),
    close: async () => {
      isClosing = true
      const closing = socket
      if (closing === undefined || closing.readyState === WebSocket.CLOSED) return
      const closed = new Promise((resolve) => closing.once('close', resolve))
      closing.close(1000)
      await closed
    },
  }
}
