import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { freePort, isPortFree } from './ports.ts'

/** What a stack is made of, kept beside its data: a restart finds the same cluster on the same ports. */
export interface Layout {
  readonly brokers: BrokerCount
  readonly clusterId: string
  readonly ports: Readonly<Record<string, number>>
}

export type BrokerCount = 1 | 3

/** The development stack's ports, away from where these servers usually listen. */
const preferredPorts: Readonly<Record<string, number>> = {
  registry: 19_081,
  'kafka-1': 19_192,
  'kafka-2': 19_193,
  'kafka-3': 19_194,
  'kafka-1-controller': 19_195,
  'kafka-2-controller': 19_196,
  'kafka-3-controller': 19_197,
  redis: 19_379,
  postgres: 19_432,
}

const portNames = (brokers: BrokerCount): readonly string[] => [
  ...Array.from({ length: brokers }, (_, index) => [`kafka-${index + 1}`, `kafka-${index + 1}-controller`]).flat(),
  'redis',
  'postgres',
  'registry',
]

/**
 * Of stacks for tests: each broker has a second listener, `kafka-1-proxied`, that advertises the port `kafka-1-proxy`. Nothing of the
 * stack listens there: a test puts a proxy between, and whoever begins with its address goes through it for good.
 */
const proxiedPortNames = (brokers: BrokerCount): readonly string[] =>
  Array.from({ length: brokers }, (_, index) => [`kafka-${index + 1}-proxied`, `kafka-${index + 1}-proxy`]).flat()

export const readLayout = (path: string): Layout | undefined => {
  if (!existsSync(path)) return undefined
  return parseLayout(JSON.parse(readFileSync(path, 'utf8')))
}

export const writeLayout = (path: string, layout: Layout): void => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.new`, `${JSON.stringify(layout, null, 2)}\n`)
  renameSync(`${path}.new`, path)
}

/** A new cluster on preferred ports, or on `'free'` ones. The ports are checked when a server is about to take them. */
export const newLayout = async (brokers: BrokerCount, ports: 'preferred' | 'free'): Promise<Layout> => {
  const chosen: Record<string, number> = {}
  const names = ports === 'free' ? [...portNames(brokers), ...proxiedPortNames(brokers)] : portNames(brokers)
  for (const name of names) {
    const preferred = ports === 'preferred' ? preferredPorts[name] : undefined
    chosen[name] = preferred ?? (await freePort(new Set(Object.values(chosen))))
  }
  return { brokers, clusterId: newClusterId(), ports: chosen }
}

/** The same with a free port in place of each of `names` whose port another program took; `say` is told. */
export const withFreePorts = async (
  layout: Layout,
  names: readonly string[],
  say: (line: string) => void,
): Promise<Layout> => {
  const ports: Record<string, number> = { ...layout.ports }
  for (const name of names) {
    const port = portOf(layout, name)
    if (await isPortFree(port)) continue
    const other = await freePort(new Set(Object.values(ports)))
    say(`port ${port} is taken by another program: ${name} takes ${other}`)
    ports[name] = other
  }
  return { ...layout, ports }
}

export const portOf = (layout: Layout, name: string): number => {
  const port = layout.ports[name]
  if (port === undefined) throw new Error(`the stack's layout has no port for ${name}`)
  return port
}

/** Kafka's form of a UUID; a leading dash would read as an option on the command line. */
const newClusterId = (): string => randomBytes(16).toString('base64url').replace(/^-/, 'A')

const parseLayout = (value: unknown): Layout => {
  const candidate = value as Partial<Layout> | null
  const isLayout =
    (candidate?.brokers === 1 || candidate?.brokers === 3) &&
    typeof candidate.clusterId === 'string' &&
    typeof candidate.ports === 'object'
  if (!isLayout) throw new Error('the stack has an unreadable layout.json: `down --wipe` and start again')
  return candidate as Layout
}
