import type { ConnectorInfo, Presence } from '@chat/presence'
import { isFault, type Logger } from '@chat/runtime'
import { byLoad } from '../accounts/gateway.ts'
import type { DialectApi } from '../ports.ts'

interface NodesPorts {
  readonly presence: Pick<Presence, 'connectors' | 'lookup'>
  readonly logger: Logger
  /** Where this connector listens for clients of `action`; undefined: nowhere. */
  readonly own: ConnectorInfo['action']
}

/** Which connector is where, for clients that choose one by themselves. */
export const createNodes = ({ presence, logger, own }: NodesPorts): Pick<DialectApi, 'actionNodes' | 'nodeOf'> => {
  const unlessAway = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await ask()
    } catch (error) {
      if (!isFault(error)) throw error
      logger.debug({ err: error }, 'nobody can tell where connectors are')
      return undefined
    }
  }
  return {
    actionNodes: async () => {
      const connectors = await unlessAway(() => presence.connectors())
      // As the other gateway: this one is there, whoever else is.
      if (connectors === undefined) return own === undefined ? [] : [own]
      return byLoad(connectors.filter(({ isReady }) => isReady)).flatMap(({ action }) => action ?? [])
    },
    nodeOf: (user) =>
      unlessAway(async () => {
        const [connectors, { locations }] = await Promise.all([presence.connectors(), presence.lookup([user])])
        const slots = new Set(locations.get(user)?.map(({ slot }) => slot))
        const infos = connectors.filter(({ slot }) => slot !== undefined && slots.has(slot))
        const info = infos.find(({ action }) => action !== undefined) ?? infos[0]
        if (info === undefined) return undefined
        const { action, socketUrl } = info
        return action === undefined ? new URL(socketUrl).host : `${action.host}:${action.port}`
      }),
  }
}
