import { systemClock } from '@chat/runtime/system'
import { type ServiceName, type ServiceProcess, spawnService } from '@chat/stack'
import { type System, startSystem } from '@chat/stack/system'
import { createFaultProxy, type FaultProxy, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

let system: System
const started: ServiceProcess[] = []
const proxies: FaultProxy[] = []

beforeAll(async () => {
  system = await startSystem({ connectors: 0, routers: 1, projectors: 1 })
}, 120_000)

afterAll(async () => {
  for (const service of started) service.kill('SIGKILL')
  await Promise.all(started.map((service) => service.exited))
  await Promise.all(proxies.map((proxy) => proxy.stop()))
  await system?.stop()
})

/** The world's environment with one address replaced by a proxy that is still cut. */
const behindProxy = async (variable: string) => {
  const address = system.env[variable] ?? ''
  const targetPort = Number(/(?:127\.0\.0\.1|localhost):(\d+)/.exec(address)?.[1])
  const proxy = createFaultProxy({ target: `127.0.0.1:${targetPort}` })
  proxies.push(proxy)
  await proxy.start()
  await proxy.cut()
  return { proxy, env: { ...system.env, [variable]: address.replace(`:${targetPort}`, `:${proxy.port}`) } }
}

const needs: readonly (readonly [ServiceName, string, RegExp])[] = [
  ['connector', 'CHAT_KAFKA_BROKERS', /broker|kafka/i],
  ['connector', 'CHAT_REDIS_URL', /redis|presence/i],
  ['connector', 'CHAT_DATABASE_URL', /database|postgres|read models|credentials/i],
  ['connector', 'CHAT_REGISTRY_URL', /registry/i],
  ['router', 'CHAT_KAFKA_BROKERS', /broker|kafka/i],
  ['router', 'CHAT_REGISTRY_URL', /registry/i],
  ['router', 'CHAT_REDIS_URL', /redis|presence/i],
  ['projector', 'CHAT_KAFKA_BROKERS', /broker|kafka/i],
  ['projector', 'CHAT_REGISTRY_URL', /registry/i],
  ['projector', 'CHAT_DATABASE_URL', /database|postgres|read models|projection/i],
]

test.each(needs)(
  'a %s whose %s is away at start says so, is not ready, and goes on when it comes',
  async (name, variable, names) => {
    const { proxy, env } = await behindProxy(variable)
    const service = await spawnService(name, env, systemClock)
    started.push(service)
    await waitUntil(() => names.test(service.logs()), {
      deadlineMs: 15_000,
      what: `its log names what is away:\n${service.logs()}`,
    })
    const answer = await fetch(`${service.url}/readyz`).catch(() => undefined)
    expect(answer?.status ?? 503).toBe(503)
    await proxy.heal()
    await service.ready(30_000)
    service.kill('SIGTERM')
    expect(await service.exited).toEqual({ code: 0, signal: null })
  },
  90_000,
)

test.each(['connector', 'router', 'projector'] as const)(
  'a %s with wrong settings names all problems at once and exits with 1',
  async (name) => {
    const wrong = { ...system.env, CHAT_PARTITIONS: 'many', CHAT_LOG_LEVEL: 'loud', CHAT_SLOTS: '0' }
    const service = await spawnService(name, wrong, systemClock)
    expect((await service.exited).code).toBe(1)
    for (const variable of ['CHAT_PARTITIONS', 'CHAT_LOG_LEVEL', 'CHAT_SLOTS'])
      expect(service.logs()).toContain(variable)
  },
  20_000,
)

test('a router with another number of partitions than the log refuses to start', async () => {
  const service = await spawnService('router', { ...system.env, CHAT_PARTITIONS: '8' }, systemClock)
  expect((await service.exited).code).toBe(1)
  expect(service.logs()).toMatch(/partitions/)
}, 40_000)
