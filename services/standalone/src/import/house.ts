import { noDevice } from '@chat/connector/no-device'
import type { CommandDraft } from '@chat/connector/ports'
import type { Credentials, ImportLedger, PasswordHasher } from '@chat/credentials'
import { type AliasKind, aliasesAskedMax, type Position, type ReadModels } from '@chat/read-models'
import { Fault, uuidV7 } from '@chat/runtime'
import { decodeEvent } from '@chat/schemas'
import { type CommandsOnLog, type LogPorts, nobody, type Outcome } from '../commands-on-log.ts'
import type { Dialect } from './arguments.ts'

export interface ImportPorts extends LogPorts {
  readonly readModels: ReadModels
  readonly credentials: Pick<Credentials, 'insertCredential'>
  readonly ledger: ImportLedger
  readonly hasher: PasswordHasher
}

/** The world that is moved into, as one import sees it. */
export interface House extends Pick<ImportPorts, 'readModels' | 'credentials' | 'ledger' | 'hasher' | 'clock'> {
  readonly dialect: Dialect
  /** The least id that the log gives: old numbers are below it. */
  readonly firstId: number
  readonly newClientMsgId: () => string
  /** What is said of the one who does it on this machine. */
  readonly onMachine: { readonly actor: number; readonly by: string; readonly device: string }
  submit(draft: CommandDraft, mayRepeat?: 'mayRepeat'): Promise<Outcome>
  /** Old numbers → ids. */
  idsOf(kind: AliasKind, oldIds: Iterable<number>): Promise<ReadonlyMap<number, number>>
  /** Resolves once the read models have whatever `submit` was told of. Throws Fault `read_models_behind`. */
  seen(): Promise<void>
  /** The same of all that is on the log now. */
  seenAll(): Promise<void>
}

/** The projector does not come there within this: there is none, ms. */
const seenWaitMs = 60_000

/** Throws Fault `log_not_open` where no router was ever started. */
export const openHouse = async (
  ports: ImportPorts,
  commands: CommandsOnLog,
  { dialect, by }: { readonly dialect: Dialect; readonly by: string },
): Promise<House> => {
  const { readModels, credentials, ledger, hasher, log, topics, clock, random } = ports
  const reached = new Map<number, number>()
  const waitFor = async (positions: readonly Position[]) => {
    if (await readModels.waitFor(positions, seenWaitMs)) return
    throw new Fault('read_models_behind', `the projector has not come so far within ${seenWaitMs / 1000} s`)
  }
  return {
    ...{ readModels, credentials, ledger, hasher, clock, dialect },
    firstId: await firstIdOf(ports),
    newClientMsgId: () => uuidV7(clock.now(), random),
    onMachine: { actor: nobody, by, device: noDevice },
    submit: async (draft, mayRepeat) => {
      const outcome = await commands.submit(draft, mayRepeat)
      if (outcome.outcome === 'accepted')
        reached.set(outcome.partition, Math.max(outcome.pos, reached.get(outcome.partition) ?? 0))
      return outcome
    },
    idsOf: async (kind, oldIds) => {
      const asked = [...new Set(oldIds)]
      const found = new Map<number, number>()
      for (let from = 0; from < asked.length; from += aliasesAskedMax)
        for (const [oldId, id] of await readModels.idsOfOld(dialect, kind, asked.slice(from, from + aliasesAskedMax)))
          found.set(oldId, id)
      return found
    },
    seen: () => waitFor(Array.from(reached, ([partition, pos]) => ({ partition, pos }))),
    seenAll: async () => {
      const ends = await log.ends(topics.events)
      await waitFor([...ends].flatMap(([partition, end]) => (end > 0 ? [{ partition, pos: end - 1 }] : [])))
    },
  }
}

/** As the log itself says at its beginning. */
const firstIdOf = async ({ log, topics }: ImportPorts): Promise<number> => {
  const end = (await log.ends(topics.events)).get(0) ?? 0
  if (end > 0)
    for await (const records of log.read(topics.events, 0, 0, 1, new AbortController().signal))
      for (const { headers, value } of records) {
        const decoded = decodeEvent(headers.schema ?? '', value)
        if ('record' in decoded && decoded.record.type === 'LogOpened') return decoded.record.firstId
      }
  throw new Fault('log_not_open', 'the log was never opened: start a router first', { isRetryable: false })
}
