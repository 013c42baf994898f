import type { ConnectorInfo } from '@chat/presence'
import { isFault } from '@chat/runtime'
import type { Answer } from '../ports.ts'
import type { AccountsOptions, AccountsPorts } from './accounts-ports.ts'

/** The connectors, the least loaded ready one first, and its address. This one's own while presence is away. */
export const gateway = async ({ presence }: AccountsPorts, { socketUrl }: AccountsOptions): Promise<Answer> => {
  const connectors = await listed(presence.connectors())
  const sorted = byLoad(connectors)
  return {
    ok: {
      socketUrl: sorted[0]?.isReady ? sorted[0].socketUrl : socketUrl,
      connectors: sorted.map(({ id, socketUrl, connections, capacity, isReady }) => ({
        ...{ id, socketUrl, connections, capacity, ready: isReady },
      })),
    },
  }
}

const listed = async (asking: Promise<readonly ConnectorInfo[]>): Promise<readonly ConnectorInfo[]> => {
  try {
    return await asking
  } catch (error) {
    // Presence is a hint; whoever renews the lease reports that it is away.
    if (isFault(error)) return []
    throw error
  }
}

/** The least loaded first, those last that take nobody. */
export const byLoad = (connectors: readonly ConnectorInfo[]): readonly ConnectorInfo[] =>
  connectors.toSorted((a, b) => loadOf(a) - loadOf(b))

const loadOf = ({ isReady, connections, capacity }: ConnectorInfo): number =>
  isReady && connections < capacity ? connections / capacity : Number.POSITIVE_INFINITY
