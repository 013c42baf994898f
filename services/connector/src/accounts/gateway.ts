import type { ConnectorInfo } from '@chat/presence'
import { isFault } from '@chat/runtime'
import type { Answer } from '../ports.ts'
import type { AccountsOptions, AccountsPorts } from './accounts-ports.ts'

/** The connectors, the least loaded ready one first, and its address. This one's own while presence is away. */
export const gateway = async ({ presence }: AccountsPorts, { socketUrl }: AccountsOptions): Promise<Answer> => {
  const connectors = await listed(presence.connectors())
  const sorted = connectors.toSorted((a, b) => loadOf(a) - loadOf(b))
  return {
    ok: {
      socketUrl: sorted[0]?.isReady ? sorted[0].socketUrl : socketUrl,
      connectors: sorted.map(({ isReady, ...connector }) => ({ ...connector, ready: isReady })),
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

const loadOf = ({ isReady, connections, capacity }: ConnectorInfo): number =>
  isReady && connections < capacity ? connections / capacity : Number.POSITIVE_INFINITY
