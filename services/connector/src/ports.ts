import type { Attempts, RateLimits } from '@chat/attempts'
import type { Credentials, PasswordHasher } from '@chat/credentials'
import type { EventLog } from '@chat/event-log'
import type { Presence } from '@chat/presence'
import type { AliasKind, ReadModels } from '@chat/read-models'
import type { Clock, Health, Logger, Metrics, Random } from '@chat/runtime'
import type { Command, Encoder, Topics } from '@chat/schemas'
import type { CloseCode, ErrorCode, OperatorAct } from '@chat/schemas/protocol'
import type { ExternalTokens } from './accounts/external-tokens.ts'
import type { WordFilter } from './word-filter/word-filter.ts'

/** Everything of the world outside that a connector touches; each has a memory twin. */
export interface Ports {
  readonly sockets: Sockets
  readonly log: EventLog
  readonly topics: Topics
  readonly encoder: Encoder
  readonly presence: Presence
  readonly readModels: ReadModels
  readonly credentials: Credentials
  readonly hasher: PasswordHasher
  /** Tokens of the host application's own login; undefined: none are taken. */
  readonly externalTokens?: ExternalTokens | undefined
  /** Failed logins. */
  readonly attempts: Attempts
  /** How often everything may be asked for. */
  readonly rateLimits: RateLimits
  readonly wordFilter: WordFilter
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly health: Health
  readonly metrics: Metrics
  /** The process can no longer do its work and must exit. */
  readonly onFatal: (error: unknown) => void
}

/** Listens for HTTP and WebSocket clients. The real one is http/server.ts, the twin socket/memory-sockets.ts. */
export interface Sockets {
  /** Resolves when it listens. Throws Fault `port_in_use` (not retryable). */
  start(handlers: SocketHandlers): Promise<void>
  /** Stops listening and ends what is left, bounded in time. Idempotent. */
  stop(): Promise<void>
}

export interface SocketHandlers {
  readonly accept: (socket: Socket) => SocketEvents
  readonly api: Api
  readonly health: Health
  readonly metrics: Metrics
}

/** One client connection. */
export interface Socket {
  readonly remoteAddress: string
  /** Its user may have no other connection of this kind, on whatever connector, whatever the policy of logins. */
  readonly isExclusive?: true
  /** Queues one text frame; order is kept. Of a closed socket: no effect. */
  send(frame: string | Buffer): void
  ping(): void
  /** Sends a close frame after what is queued; the socket is terminated if the peer does not answer within 2 s. */
  close(code: CloseCode, reason: string): void
  /** Stops reading from the peer (TCP pushes back) until `resume`. */
  pause(): void
  resume(): void
  /** What is queued and not yet taken by the kernel, bytes. */
  bufferedBytes(): number
}

export interface SocketEvents {
  onFrame(text: string): void
  /** A binary frame: chat.v1 has none. */
  onBinary(): void
  /** A WebSocket pong. */
  onPong(): void
  /** Called once, whoever closed. */
  onClose(code: number): void
}

/** Whom a request acts as. */
export interface Identity {
  readonly userId: number
  readonly sessionId: string
  readonly device: string
}

/** What every request is answered with, on the socket (`ok`/`error`) and by HTTP (status and problem) alike. */
export type Answer =
  | { readonly ok: Readonly<Record<string, unknown>> }
  | { readonly error: ErrorCode; readonly message: string; readonly retryAfterMs?: number }

/** What somebody gets who asks for everything of his own. */
export interface OwnData {
  /** JSON lines, made as they are taken. The iteration throws Fault. */
  readonly lines: AsyncIterable<string>
  /** Nobody takes more of it. To be called once, however it ended. */
  readonly done: () => void
}

/** What HTTP offers, independent of fastify. Bodies come as parsed JSON and are validated inside. Never rejects but for bugs. */
export interface Api {
  register(body: unknown, remoteAddress: string): Promise<Answer>
  logIn(body: unknown, remoteAddress: string): Promise<Answer>
  refresh(body: unknown): Promise<Answer>
  /** A new password by a one-time code. */
  resetPassword(body: unknown, remoteAddress: string): Promise<Answer>
  endSession(identity: Identity): Promise<Answer>
  /** Everything of one's own. */
  exportOwn(identity: Identity): Promise<OwnData | Answer>
  gateway(): Promise<Answer>
  /** Asked for each request before anything else is done; an answer: too many of this address. */
  limit(remoteAddress: string): Answer | undefined
  /** undefined: no, expired or wrong token, or the session has ended. */
  authenticate(accessToken: string): Promise<Identity | undefined>
  readonly operator: OperatorApi
  readonly dialects: DialectApi
  /** Any request frame but those that need a socket. `minPos`: a position token. */
  request(identity: Identity, frame: unknown, minPos: string | undefined): Promise<Answer>
}

/** What people of the older protocols need beside `Api`. Never rejects but for bugs. */
export interface DialectApi {
  /** Any password of 1 character and more; the account is marked as one of a dialect. */
  register(dialect: string, body: unknown, remoteAddress: string): Promise<Answer>
  /** Accepts, in the name of `user`, the request of `by`, when both accounts were registered by dialects; else nothing happens. */
  befriend(user: number, by: number): Promise<void>
  /** A session for whoever says the name of an account without a password, which is made where there is none of that name. */
  logInOpen(login: { readonly name: string; readonly device: string }, remoteAddress: string): Promise<Answer>
  /** Whom or what clients of that dialect mean by a number; one that nobody has as his old one is an id. undefined: nobody can tell now. */
  idOf(dialect: string, kind: AliasKind, number: number): Promise<number | undefined>
  /** What each of these is called by clients of that dialect. undefined: nobody can tell now. */
  numbersOf(dialect: string, kind: AliasKind, ids: readonly number[]): Promise<((id: number) => number) | undefined>
  /** The conversation of the group of that name; undefined: there is none. */
  groupNamed(name: string): Promise<string | undefined | 'unavailable'>
  /** Connectors that clients of `action` may connect to, the least loaded first. */
  actionNodes(): Promise<readonly { readonly host: string; readonly port: number }[]>
  /** "host:port" of the connector that the user is connected to; undefined: none, or nobody can tell yet. */
  nodeOf(user: number): Promise<string | undefined>
}

/** Everything below `/v1/operator/`. Never rejects but for bugs. */
export interface OperatorApi {
  /** Before anything of a request is looked at. undefined: he is an operator; else what he is answered. */
  admit(identity: Identity): Promise<Extract<Answer, { readonly error: ErrorCode }> | undefined>
  /** Of whoever was admitted. `input`: the body or the query, with what the path says. */
  act(identity: Identity, act: OperatorAct, input: unknown): Promise<Answer>
}

type Draft<C> = C extends Command ? Omit<C, 'replySlot' | 'replyEpoch' | 'request'> : never
/** A command without the address of its reply. */
export type CommandDraft = Draft<Command>

export type CommandOutcome =
  | {
      readonly outcome: 'accepted' | 'repeated'
      readonly conversation: string | null
      readonly seq: number | null
      readonly partition: number
      readonly pos: number
      /** ms since the epoch; null when repeated. */
      readonly at: number | null
      /** The id given to a new user or group. */
      readonly id: number | null
    }
  | { readonly outcome: 'rejected'; readonly code: ErrorCode }

/** Puts commands on the log and waits for the router's reply. */
export interface Commands {
  /**
   * Calls made in order for one partition are appended in order. Throws Fault: `log_unavailable` (nothing is known of the command),
   * `unavailable` (no lease, or stopping: nothing was sent), `timeout` (no reply within 30 s; nothing is known).
   */
  submit(draft: CommandDraft): Promise<CommandOutcome>
}
