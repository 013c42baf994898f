import { directConversation } from '@chat/schemas'
import { createDevice, type Device, type DeviceObserver, type DeviceOptions, type Frame } from '@chat/testkit'
import { printOf, type SeenEvent } from './history.ts'
import type { Recorder } from './recorder.ts'

/** A device over a real WebSocket whose every request, answer, push and shown event is recorded; an observer is told after it. */
export const createRecordingDevice = (recorder: Recorder, options: DeviceOptions): Device => {
  const deviceId = options.deviceId ?? crypto.randomUUID()
  const user = options.account.userId
  recorder.record({ what: 'device', device: deviceId, user })
  const recording = createRecordingObserver(recorder, deviceId, user)
  const observer = options.observer === undefined ? recording : inTurn(recording, options.observer)
  return createDevice({ ...options, deviceId, observer })
}

const inTurn = (first: DeviceObserver, second: DeviceObserver): DeviceObserver => ({
  connected: (...args) => {
    first.connected(...args)
    second.connected(...args)
  },
  closed: (...args) => {
    first.closed(...args)
    second.closed(...args)
  },
  sent: (...args) => {
    first.sent(...args)
    second.sent(...args)
  },
  received: (...args) => {
    first.received(...args)
    second.received(...args)
  },
  shown: (...args) => {
    first.shown(...args)
    second.shown(...args)
  },
})

/** What an answer is read with. */
interface Asked {
  readonly op: string
  readonly conversation: string | null
  /** conversation → what the request named as held. */
  readonly held: Readonly<Record<string, number>>
}

export const createRecordingObserver = (recorder: Recorder, device: string, user: number): DeviceObserver => {
  const { record, intern } = recorder
  const asked = new Map<number, Asked>()
  let connector = ''

  const internOrNull = (value: unknown) => (typeof value === 'string' ? intern(value) : null)

  const seenOf = (event: Frame): SeenEvent => {
    const { seq, type, actor, at, data } = event as unknown as Parameters<typeof printOf>[0] & SeenEvent
    const clientMsgId = type === 'messagePosted' ? internOrNull((data as Frame).clientMsgId) : null
    return { seq, type: intern(type), actor, clientMsgId, print: printOf({ type, actor, at, data }) }
  }

  const page = (
    connection: number,
    ref: number,
    by: 'sync' | 'history',
    id: string,
    body: Frame,
    held: Asked['held'],
  ) =>
    record({
      what: 'paged',
      device,
      connection,
      ref,
      by,
      conversation: intern(id),
      after: held[id] ?? null,
      from: Number(body.from),
      to: Number(body.to),
      readSeq: numberOrNull(body.readSeq),
      events: (body.events as readonly Frame[]).map(seenOf),
    })

  const answered = (connection: number, ref: number, frame: Frame, request: Asked) => {
    const isOk = frame.op === 'ok'
    record({
      what: 'answered',
      device,
      connection,
      ref,
      outcome: isOk ? 'ok' : 'error',
      code: isOk ? null : String(frame.code),
      isFinal: frame.retry === 'never',
      conversation: internOrNull(frame.conversation),
      seq: numberOrNull(frame.seq),
      position: typeof frame.position === 'string' ? frame.position : null,
      isDuplicate: frame.duplicate === true,
    })
    if (!isOk) return
    if (request.op === 'history' && request.conversation !== null)
      page(connection, ref, 'history', request.conversation, frame, request.held)
    if (request.op === 'sync')
      for (const conversation of frame.conversations as readonly Frame[])
        page(connection, ref, 'sync', String(conversation.id), conversation, frame.reset === true ? {} : request.held)
    if (request.op === 'presence.watch')
      for (const { id, online } of frame.users as readonly { id: number; online: boolean }[])
        record({ what: 'presenceSeen', device, user: id, isOnline: online })
  }

  const pushed = (connection: number, frame: Frame) => {
    if (frame.op === 'event' && frame.seq !== undefined)
      record({ what: 'pushed', device, connection, conversation: intern(String(frame.conversation)), ...seenOf(frame) })
    if (frame.op === 'presence')
      record({ what: 'presenceSeen', device, user: Number(frame.user), isOnline: frame.online === true })
    if (frame.op === 'receipt')
      record({
        what: 'receiptPushed',
        device,
        conversation: intern(String(frame.conversation)),
        user: Number(frame.user),
        deliveredSeq: Number(frame.deliveredSeq),
        readSeq: Number(frame.readSeq),
      })
  }

  return {
    connected: (connection) => record({ what: 'connected', device, connection, connector }),
    closed: (connection, code) => {
      asked.clear()
      record({ what: 'closed', device, connection, code })
    },
    sent: (connection, frame) => {
      const ref = Number(frame.ref)
      const op = intern(String(frame.op))
      if (op === 'hello') return // It carries the token; `connected` tells of its answer.
      const conversation = internOrNull(conversationOf(frame, user))
      asked.set(ref, { op, conversation, held: heldOf(frame) })
      const { text } = (frame.body ?? {}) as { readonly text?: unknown }
      record({
        what: 'invoked',
        device,
        connection,
        ref,
        op,
        conversation,
        clientMsgId: internOrNull(frame.clientMsgId),
        text: typeof text === 'string' ? text : null,
        after: internOrNull(frame.after),
        seq: numberOrNull(frame.seq),
      })
      if (op === 'presence.unwatch') record({ what: 'unwatched', device, users: frame.users as readonly number[] })
    },
    received: (connection, frame) => {
      if (frame.op !== 'ok' && frame.op !== 'error') return pushed(connection, frame)
      if (typeof frame.connector === 'string') connector = intern(frame.connector)
      const ref = Number(frame.ref)
      const request = asked.get(ref)
      asked.delete(ref)
      if (request !== undefined) answered(connection, ref, frame, request)
    },
    shown: (conversation, { seq, type, data }, by) =>
      record({
        what: 'shown',
        device,
        conversation: intern(conversation),
        seq,
        clientMsgId: type === 'messagePosted' ? internOrNull(data.clientMsgId) : null,
        by,
      }),
  }
}

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null)

const conversationOf = (frame: Frame, user: number): unknown => {
  const to = frame.to as { readonly conversation?: string; readonly user?: number } | undefined
  if (to?.user !== undefined) return directConversation(user, to.user)
  return to?.conversation ?? frame.conversation
}

/** A sync without a token is answered with the newest events, whatever is known. */
const heldOf = (frame: Frame): Readonly<Record<string, number>> => {
  if (frame.op === 'history')
    return typeof frame.after === 'number' ? { [String(frame.conversation)]: frame.after } : {}
  return frame.op === 'sync' && frame.token !== undefined ? ((frame.known ?? {}) as Record<string, number>) : {}
}
