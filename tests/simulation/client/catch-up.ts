import type { Recorder } from '../../faults/recorder.ts'
import type { Machine } from '../machine.ts'
import { type Frame, Refused, type Session } from './session.ts'
import { type PageOfEvents, seenOf, type View } from './view.ts'

/** What a device has not, it fetches: `sync` for all conversations, `history` where one has a gap. */
export interface CatchUp {
  /** Asks for a sync; one that runs already runs once more. */
  sync(): void
  /** The answer to a `hello` that asked for one. */
  takeHello(page: Frame, ref: number): void
  /** Something of this conversation is missing: unless it comes by itself, it is fetched. */
  gap(conversation: string): void
  /** For `hello`; undefined: there was none yet. */
  token(): string | undefined
  isIdle(): boolean
  connectionLost(): void
}

interface CatchUpParts {
  readonly device: string
  readonly machine: Machine
  readonly recorder: Recorder
  readonly view: View
  readonly session: () => Session | undefined
  /** `ref` of the newest request. */
  readonly lastRef: () => number
  /** A page was older than the log: what it lacks is pushed after it, whether it was pushed before or not. */
  readonly onStale: () => void
}

/** PROTOCOL §2: a gap may close by itself within this, ms. */
const gapPatienceMs = 200
const retryMs = 300
/** A connected client syncs this often, with jitter, ms. */
const syncEveryMs = 120_000
const historyLimit = 200

interface SyncPage extends Frame {
  readonly token: string
  readonly conversations: readonly (PageOfEvents & {
    readonly id: string
    readonly readSeq: number
    readonly truncated?: true
  })[]
  readonly hasMore: boolean
}

export const createCatchUp = (parts: CatchUpParts): CatchUp => {
  const { device, machine, recorder, view } = parts
  const filling = new Set<string>()
  let token: string | undefined
  let isSyncing = false
  let isWanted = false
  let syncs = 0

  const later = (ms: number, run: () => void) => void machine.clock.after(ms, run)

  const scheduleSync = () => {
    const turn = ++syncs
    later(syncEveryMs * (0.9 + 0.2 * machine.random.fraction()), () => {
      if (turn === syncs) sync()
    })
  }

  const recordPage = (
    by: 'sync' | 'history',
    at: { readonly ref: number; readonly connection: number; readonly after: number | null },
    page: PageOfEvents & { readonly conversation: string; readonly readSeq: number | null },
  ) => {
    const { conversation, from, to, readSeq } = page
    const events = page.events.map(seenOf)
    recorder.record({ what: 'paged', device, by, ...at, conversation, from, to, readSeq, events })
  }

  /** Takes a page of a walk; resolves when all that it left open is fetched. */
  const takeSync = async (on: Session, page: SyncPage, ref: number, asked: Readonly<Record<string, number>>) => {
    if (page.stale === true) parts.onStale()
    for (const conversation of page.conversations) {
      const { id } = conversation
      const after = page.reset === true ? null : (asked[id] ?? null)
      recordPage('sync', { ref, connection: on.connection, after }, { ...conversation, conversation: id })
      const isOpen = view.takePage(id, conversation, 'sync')
      if (isOpen || conversation.truncated === true) await fill(on, id)
    }
    token = page.token // Only after its events.
  }

  const walk = async (on: Session, first?: { readonly page: SyncPage; readonly ref: number }) => {
    let page = first?.page
    if (first !== undefined) await takeSync(on, first.page, first.ref, {})
    while (page === undefined || page.hasMore) {
      const known = token === undefined ? {} : view.known()
      const asking = on.request({ op: 'sync', ...(token === undefined ? {} : { token, known }) })
      const ref = parts.lastRef()
      page = (await asking) as SyncPage
      await takeSync(on, page, ref, known)
    }
    if (page.stale === true) later(retryMs, sync)
    scheduleSync()
  }

  /** What the world refused is asked for again; what died with the connection, the next connection asks for. */
  const begin = async (first?: { readonly page: SyncPage; readonly ref: number }) => {
    const on = parts.session()
    if (on === undefined) return
    isSyncing = true
    try {
      await walk(on, first)
    } catch (error) {
      if (error instanceof Refused) later(retryMs, sync)
    }
    isSyncing = false
    if (!isWanted) return
    isWanted = false
    sync()
  }

  const sync = () => {
    if (isSyncing) isWanted = true
    else void begin()
  }

  /** Pages forward until the server has nothing more. */
  const fill = async (on: Session, conversation: string): Promise<void> => {
    for (let hasMore = true; hasMore; ) {
      const after = view.coveredTo(conversation)
      const asking = on.request({ op: 'history', conversation, after, limit: historyLimit })
      const ref = parts.lastRef()
      const page = (await asking) as Frame & PageOfEvents & { readonly hasMore: boolean; readonly stale?: true }
      recordPage('history', { ref, connection: on.connection, after }, { ...page, conversation, readSeq: null })
      view.takePage(conversation, page, 'history')
      hasMore = page.hasMore
      if (page.stale === true) later(retryMs, () => gap(conversation))
    }
  }

  const fillGap = async (conversation: string) => {
    const on = parts.session()
    try {
      if (on !== undefined && view.hasGap(conversation)) await fill(on, conversation)
    } catch (error) {
      if (!(error instanceof Refused)) return void filling.delete(conversation)
    }
    filling.delete(conversation)
    if (view.hasGap(conversation)) later(retryMs, () => gap(conversation))
  }

  const gap = (conversation: string) => {
    if (filling.has(conversation)) return
    filling.add(conversation)
    later(gapPatienceMs, () => void fillGap(conversation))
  }

  return {
    sync,
    takeHello: (page, ref) => void begin({ page: page as SyncPage, ref }),
    gap,
    token: () => token,
    isIdle: () => !isSyncing && !isWanted && filling.size === 0,
    connectionLost: () => {
      isWanted = false
    },
  }
}
