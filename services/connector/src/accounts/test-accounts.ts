import { createMemoryAttempts } from '@chat/attempts/memory'
import { createMemoryCredentials, createPlainHasher } from '@chat/credentials/memory'
import type { Position, UserRow } from '@chat/read-models'
import { createHealth, Fault, silentLogger } from '@chat/runtime'
import { createTopics } from '@chat/schemas'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import type { Answer, CommandDraft, CommandOutcome } from '../ports.ts'
import { noWordFilter } from '../word-filter/word-filter.ts'
import { createAccounts } from './accounts.ts'
import type { AccountsPorts } from './accounts-ports.ts'
import { createRevocations } from './revocations.ts'
import { createTokens } from './tokens.ts'

const startMs = Date.UTC(2026, 0, 1)
export const address = '192.0.2.1'
const topics = createTopics({ prefix: 't.', partitions: 4, slots: 1 })
export const end: Position = { partition: 0, pos: 5 }

/** Accounts on twins. The router is the function `decide`; what it accepted is seen when `project` is called. */
export const setUp = (over: Partial<AccountsPorts> = {}) => {
  const clock = createFakeClock(startMs)
  const random = createSeededRandom(1)
  const credentials = createMemoryCredentials({ random })
  const submitted: (CommandDraft & { type: 'RegisterUser' })[] = []
  const users: UserRow[] = []
  const state: {
    isBehind: boolean
    outcome: CommandOutcome | Fault | undefined
    suspended: number | undefined
  } = {
    isBehind: false,
    outcome: undefined,
    suspended: undefined,
  }
  const revocations = createRevocations({ credentials, clock, health: createHealth(), logger: silentLogger })
  const accepted = (id: number): CommandOutcome => ({
    outcome: 'accepted',
    conversation: null,
    seq: null,
    partition: 2,
    pos: 7,
    at: startMs + 1,
    id,
  })
  const project = () => {
    submitted.forEach((command, index) => {
      const row = {
        id: index + 1,
        name: command.name,
        normalisedName: command.normalisedName,
        displayName: Buffer.from(command.displayName).toString(),
        registrationId: command.registrationId,
        createdAt: startMs + 1,
        about: '',
        isOperator: false,
        isSuspended: false,
      }
      if (users.length === index) users.push(row)
    })
  }
  const ports: AccountsPorts = {
    topics,
    clock,
    random,
    credentials,
    hasher: createPlainHasher(),
    attempts: createMemoryAttempts({ clock }),
    rateLimiter: { logIn: () => undefined, register: () => undefined },
    logger: silentLogger,
    wordFilter: noWordFilter,
    presence: { connectors: async () => [] },
    readModels: {
      userById: async (id) => users.find((user) => user.id === id),
      ownMessages: async () => [],
      userByRegistration: async (registrationId) => users.find((user) => user.registrationId === registrationId),
      registered: async (ids) => new Set(users.flatMap(({ registrationId: id }) => (ids.includes(id) ? [id] : []))),
      userByName: async (name) => users.find((user) => user.normalisedName === name),
      waitFor: async (_, timeoutMs) => {
        if (!state.isBehind) return true
        return new Promise((resolve) => clock.after(timeoutMs, () => resolve(false)))
      },
    },
    shownReadModels: { everConversations: async () => [], friends: async () => ({ items: [] }) },
    commands: {
      submit: async (draft) => {
        if (state.outcome instanceof Fault) throw state.outcome
        if (draft.type !== 'RegisterUser') throw new Error('only registrations here')
        if (state.outcome !== undefined) return state.outcome
        submitted.push(draft)
        return accepted(submitted.length)
      },
    },
    watermark: { ofPartition: async () => [end], now: async () => [end] },
    tokens: createTokens({ keys: [new Uint8Array(32)], clock }),
    revocations,
    isRefused: async () => false,
    suspensions: {
      isSuspended: (userId) => state.suspended === userId,
      isUserSuspended: ({ id, isSuspended }) => isSuspended || state.suspended === id,
    },
    ...over,
  }
  const accounts = createAccounts(ports, { socketUrl: 'ws://here/v1/socket', limits: 'on' })
  return { accounts, clock, state, users, submitted, project, credentials, revocations, accepted }
}

export const ok = (answer: Answer): Readonly<Record<string, unknown>> => {
  if (!('ok' in answer)) throw new Error(`refused: ${answer.error}`)
  return answer.ok
}
export const ann = { name: 'Ann', password: 'correct horse' }
