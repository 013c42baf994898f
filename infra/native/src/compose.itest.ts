import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const repoDir = join(import.meta.dirname, '..', '..', '..')
const file = join(repoDir, 'infra', 'compose.yaml')

/** docker-compose of Debian, or the plugin of docker. Neither needs a running daemon for this. */
const compose = (...args: readonly string[]): string => {
  const hasStandalone = spawnSync('docker-compose', ['version'], { stdio: 'ignore' }).status === 0
  const [command, ...first] = hasStandalone ? ['docker-compose'] : ['docker', 'compose']
  const { status, stdout, stderr } = spawnSync(command ?? '', [...first, '-f', file, ...args], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return stdout
}

test('compose accepts the file', () => {
  const config = compose('config')
  expect(config).toContain('condition: service_completed_successfully')
  expect(config).not.toContain('POSTGRES_PASSWORD:-') // Every variable was filled in.
})

test('the containers are two connectors behind nginx, two routers, a projector, init and their servers', () => {
  expect(compose('config', '--services').trim().split('\n').sort()).toEqual(
    [
      ['connector-1', 'connector-2', 'nginx', 'router-1', 'router-2', 'projector', 'init'],
      ['kafka', 'redis', 'postgres', 'registry'],
    ]
      .flat()
      .sort(),
  )
})

test('older protocols are on at their documented ports: nginx publishes what it listens on, on this machine only', () => {
  const conf = readFileSync(join(repoDir, 'infra', 'nginx', 'nginx.conf'), 'utf8')
  const listening = [...conf.matchAll(/^ +listen (\d+)/gm)].map(([, port]) => port)
  const documented = ['8001', '8002', '8003', '8004', '8005', '8006', '8080', '8888']
  expect(listening.toSorted()).toEqual(documented)
  const published = publishedBy(serviceOf('nginx'))
  expect(published.toSorted()).toEqual(documented.map((port) => `127.0.0.1:${port}:${port}`))
})

test('each connector speaks them, believes nginx whose a connection is, and is where the gateway says', () => {
  const shared = {
    CHAT_DIALECT_JSON_TOID_PORT: '8001',
    CHAT_DIALECT_JSON_TO_PORT: '8002',
    CHAT_DIALECT_ENVELOPE_PORT: '8003',
    CHAT_DIALECT_UNIT_PORT: '8004',
    CHAT_DIALECT_ACTION_PORT: '8005',
    CHAT_DIALECT_ACTION_GATEWAY_PORT: '8888',
    CHAT_DIALECT_PROXY_PROTOCOL: 'on',
    CHAT_DIALECT_PUBLIC_HOST: '127.0.0.1',
  }
  const [first, second] = ['connector-1', 'connector-2'].map((name) => environmentOf(serviceOf(name)))
  expect(first).toMatchObject({ ...shared, CHAT_DIALECT_PUBLIC_PORT: '8005' })
  expect(second).toMatchObject({ ...shared, CHAT_DIALECT_PUBLIC_PORT: '8006' })
})

/** What `compose config` says of one service. */
const serviceOf = (name: string): string => {
  const section = new RegExp(`^  ${name}:\n((?: {3,}.*\n)*)`, 'm').exec(compose('config'))?.[1]
  if (section === undefined) throw new Error(`compose has no ${name}`)
  return section
}

/** `address:published:target`, from the short and the long way that versions of compose write it. */
const publishedBy = (service: string): readonly string[] => [
  ...[...service.matchAll(/- ([\d.]+:\d+:\d+)\/tcp/g)].map(([, port]) => port ?? ''),
  ...[...service.matchAll(/host_ip: (.*)\n +target: (\d+)\n +published: "?(\d+)/g)].map(
    ([, address, target, published]) => `${address}:${published}:${target}`,
  ),
]

const environmentOf = (service: string): Readonly<Record<string, string>> =>
  Object.fromEntries([...service.matchAll(/^ +(CHAT_\w+): ['"]?(.*?)['"]?$/gm)].map(([, name, value]) => [name, value]))

test('the image knows every workspace, or npm would not install from the lock file', () => {
  const dockerfile = readFileSync(join(repoDir, 'infra', 'images', 'Dockerfile'), 'utf8')
  const { workspaces } = JSON.parse(readFileSync(join(repoDir, 'package.json'), 'utf8')) as { workspaces: string[] }
  const manifests = globSync(
    workspaces.map((workspace) => `${workspace}/package.json`),
    { cwd: repoDir },
  )
  expect(manifests.length).toBeGreaterThan(10)
  for (const manifest of manifests)
    expect(dockerfile).toContain(`COPY ${manifest} ${manifest.slice(0, -'package.json'.length)}\n`)
})
