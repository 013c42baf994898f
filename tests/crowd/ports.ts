import { freePort } from '@chat/stack'

const names = ['JSON_TO', 'JSON_TOID', 'ENVELOPE', 'UNIT', 'ACTION', 'ACTION_GATEWAY'] as const

/** Where a connector speaks the older protocols. */
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
  ...Object.fromEntries(names.map((name) => [`CHAT_DIALECT_${name}_PORT`, String(ports[name])])),
  CHAT_DIALECT_ACTION_OPEN: 'true',
})
