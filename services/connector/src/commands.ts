import type { EventLog } from '@chat/event-log'
import type { Lease } from '@chat/presence'
import { assert, type Clock, every, Fault, type Metrics } from '@chat/runtime'
import {
  type Command,
  type Encoder,
  partitionOf,
  partitionOfConversation,
  partitionOfId,
  type Reply,
  type Topics,
} from '@chat/schemas'
import { isErrorCode, replyTimeoutMs } from '@chat/schemas/protocol'
import type { CommandDraft, CommandOutcome, Commands } from './ports.ts'

/** How often overdue commands are looked for, ms. */
const sweepMs = 1000

export interface CommandLane extends Commands {
  start(): void
  /** A router's answer that arrived under the lease the command was sent with. An unknown request is ignored: it timed out. */
  complete(reply: Reply, partition: number): void
  /** The replies of everything that was sent under this lease can no longer arrive: rejects it with Fault `unavailable`. */
  abandon(reason: string, lease: Lease): void
  /** Refuses what comes from now on and rejects what is pending. Idempotent. */
  stop(): void
}

interface Pending {
  readonly resolve: (outcome: CommandOutcome) => void
  readonly reject: (error: unknown) => void
  readonly sentAt: number
  /** Where the reply comes to. */
  readonly to: Lease
}

interface CommandPorts {
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly clock: Clock
  readonly metrics: Metrics
  /** The lease that replies come to; undefined: there is none now. */
  readonly lease: () => Lease | undefined
}

export const createCommandLane = ({ log, topics, encoder, clock, metrics, lease }: CommandPorts): CommandLane => {
  /** By request number. All wait equally long, so insertion order is deadline order. */
  const pending = new Map<number, Pending>()
  const latency = metrics.histogram(
    'chat_connector_command_reply_ms',
    'From the append of a command to its reply',
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 30_000],
  )
  const appended = metrics.histogram(
    'chat_connector_command_append_ms',
    'From the append of a command to its acknowledgement by the log',
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000],
  )
  let nextRequest = 1
  let isStopped = false
  let cancelSweep = () => {}

  const fail = (request: number, error: unknown) => {
    const waiting = pending.get(request)
    if (waiting === undefined) return
    pending.delete(request)
    waiting.reject(error)
  }

  const send = (draft: CommandDraft, to: Lease, request: number) => {
    const command = { ...draft, replySlot: to.slot, replyEpoch: to.epoch, request } as Command
    const { schema, value } = encoder.encode(command)
    const records = [{ key: null, value, headers: { type: draft.type, schema } }]
    const partition = partitionOfDraft(draft, topics.commands.partitions)
    const startedMs = clock.monotonic()
    log.append({ topic: topics.commands, partition, records }).then(
      () => appended.observe(clock.monotonic() - startedMs),
      (error) => fail(request, error),
    )
  }

  const sweep = () => {
    const overdue = clock.monotonic() - replyTimeoutMs
    for (const [request, waiting] of pending) {
      if (waiting.sentAt > overdue) return
      fail(request, new Fault('timeout', `no reply within ${replyTimeoutMs} ms`))
    }
  }

  const abandon = (reason: string, lost?: Lease) => {
    for (const [request, { to }] of [...pending])
      if (lost === undefined || (to.slot === lost.slot && to.epoch === lost.epoch))
        fail(request, new Fault('unavailable', reason))
  }

  return {
    start: () => {
      cancelSweep = every(clock, sweepMs, sweep)
    },
    submit: (draft) =>
      new Promise((resolve, reject) => {
        const to = lease()
        if (to === undefined || isStopped)
          return reject(new Fault('unavailable', isStopped ? 'stopping' : 'no lease of a delivery slot'))
        const request = nextRequest++
        pending.set(request, { resolve, reject, sentAt: clock.monotonic(), to })
        send(draft, to, request)
      }),
    complete: (reply, partition) => {
      const waiting = pending.get(reply.request)
      if (waiting === undefined) return
      pending.delete(reply.request)
      latency.observe(clock.monotonic() - waiting.sentAt)
      waiting.resolve(outcomeOf(reply, partition))
    },
    abandon,
    stop: () => {
      isStopped = true
      cancelSweep()
      abandon('stopping')
    },
  }
}

/** A command goes to the partition whose aggregate it is for: the same one that its events are in. */
export const partitionOfDraft = (draft: CommandDraft, partitions: number): number => {
  switch (draft.type) {
    case 'RegisterUser':
      return partitionOf(draft.normalisedName, partitions)
    case 'CreateGroup':
      return partitionOf(draft.normalisedName ?? draft.clientMsgId, partitions)
    case 'CreateRoom':
    case 'GrantOperator':
    case 'RevokeOperator':
    case 'ImportUser':
      return partitionOf(draft.normalisedName, partitions)
    case 'SuspendUser':
    case 'ReinstateUser':
      return partitionOfId(draft.user, partitions)
    case 'ChangeProfile':
    case 'BroadcastNotice':
      return partitionOfId(draft.actor, partitions)
    default: {
      const partition = partitionOfConversation(draft.conversation, partitions)
      assert(partition !== undefined, 'the frame handler lets only canonical conversation ids through')
      return partition
    }
  }
}

const outcomeOf = (reply: Reply, partition: number): CommandOutcome => {
  if (reply.outcome === 'rejected' || reply.pos === null)
    // A newer router may know codes that this connector does not.
    return { outcome: 'rejected', code: isErrorCode(reply.code) ? reply.code : 'internal' }
  const outcome = reply.outcome === 'repeated' ? 'repeated' : 'accepted'
  const { conversation, seq, pos, at, id } = reply
  return { outcome, conversation, seq, partition, pos, at, id }
}
