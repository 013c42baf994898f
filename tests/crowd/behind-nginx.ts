import { startNginx } from '@chat/stack/nginx'
import { type System, startSystem } from '@chat/stack/system'
import { behindNginx, freeDialectPorts, portsBehind } from './ports.ts'

/** Where clients of the older protocols reach one connector. */
export interface ReachedAt {
  readonly jsonToid: number
  readonly jsonTo: number
  readonly envelope: number
  readonly unit: number
  readonly action: number
  readonly gateway: number
}

export interface Behind {
  readonly system: System
  /** Of the first connector and the second. */
  readonly ports: readonly ReachedAt[]
  stop(): Promise<void>
}

/**
 * Two connectors on Kafka behind nginx as in the containers, but each behind one of its own: so a test can say which it means.
 * `env`: of all connectors.
 */
export const startBehindNginx = async (env: Readonly<Record<string, string>>): Promise<Behind> => {
  await using starting = new AsyncDisposableStack()
  const connectors = (await freeDialectPorts(2)).map((own) => ({ own, behind: portsBehind(own) }))
  const all = connectors.map(({ behind }) => behind)
  const reached: ReachedAt[] = []
  for (const { behind } of connectors) {
    // One after the other, each knowing everybody's ports: none is given out twice.
    const nginx = starting.adopt(await startNginx([behind, behind], all), (started) => started.stop())
    reached.push({
      ...{ jsonToid: nginx.port(8001), jsonTo: nginx.port(8002), envelope: nginx.port(8003), unit: nginx.port(8004) },
      ...{ action: nginx.port(8005), gateway: nginx.port(8888) },
    })
  }
  const system = await startSystem({
    ...{ connectors: 2, routers: 1, projectors: 1, env },
    connectorEnvs: connectors.map(({ own }, index) => behindNginx(own, reached[index]?.action ?? 0)),
  })
  const started = starting.move()
  started.defer(() => system.stop())
  return { system, ports: reached, stop: () => started.disposeAsync() }
}
