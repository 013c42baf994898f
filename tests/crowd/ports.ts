import { freePort } from '@chat/stack'

/** Those of the older protocols, and the connector's own. */
const names = ['HTTP', 'JSON_TO', 'JSON_TOID', 'ENVELOPE', 'UNIT', 'ACTION', 'ACTION_GATEWAY'] as const

/** Where a connector is reached. */
export type DialectPorts = Readonly<Record<(typeof names)[number], number>>

/** For so many connectors, each other ones. */
export const freeDialectPorts = async (connectors: number): Promise<readonly DialectPorts[]> => {
  const taken = new Set<number>()
  const all: DialectPorts[] = []
  for (let connector = 0; connector < connectors; connector++) {
    const ports: Partial<Record<(typeof names)[number], number>> = {}
    for (const name of names) {
      const port = await freePort(taken)
      taken.add(port)
      ports[name] = port
    }
    all.push(ports as DialectPorts)
  }
  return all
}

/** The settings of such a connector. */
export const dialectEnv = (ports: DialectPorts): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    names.map((name) => [name === 'HTTP' ? 'CHAT_PORT' : `CHAT_DIALECT_${name}_PORT`, String(ports[name])]),
  ),
  CHAT_DIALECT_ACTION_OPEN: 'true',
})

/** Where nginx listens for the clients of `action` that were told to go to the first and the second connector. */
export const actionPorts = [8005, 8006] as const

/** By their ports between containers, as nginx knows them. */
export const portsBehind = (ports: DialectPorts): ReadonlyMap<number, number> =>
  new Map([
    ...([
      [8001, ports.JSON_TOID],
      [8002, ports.JSON_TO],
      [8003, ports.ENVELOPE],
      [8004, ports.UNIT],
    ] as const),
    ...([
      [8005, ports.ACTION],
      [8080, ports.HTTP],
      [8888, ports.ACTION_GATEWAY],
    ] as const),
  ])

/** The settings of a connector that is reached through nginx alone. `actionPort`: where clients of `action` reach it. */
export const behindNginx = (ports: DialectPorts, actionPort: number): Readonly<Record<string, string>> => ({
  ...dialectEnv(ports),
  CHAT_DIALECT_PROXY_PROTOCOL: 'on',
  CHAT_DIALECT_PUBLIC_PORT: String(actionPort),
})
