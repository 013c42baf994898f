import type { EventLog } from '@chat/event-log'
import { connectRedis } from '@chat/redis'
import { silentLogger } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { decodeDelivery } from '@chat/schemas'
import type { System } from '@chat/stack/system'
import { metricOf } from './metrics.ts'
import { openWorldLog } from './read-models.ts'

/** What went out to connectors, and what it took. Redis serves the whole stack: its numbers are of this system if nothing else runs there. */
export interface Cost {
  /** CPU of all processes of a kind, s. */
  readonly routerCpuS: number
  readonly connectorCpuS: number
  /** Time in scripts, s, calls of them, and look-ups of one user made by them. */
  readonly redisCpuS: number
  readonly scripts: number
  readonly userLookups: number
  readonly redisBytesIn: number
  readonly redisBytesOut: number
  /** Records to slots that tell events, and their bytes. */
  readonly records: number
  readonly recordBytes: number
  readonly told: readonly ToldEvent[]
}

/** One event as one slot was told it. */
interface ToldEvent {
  /** `partition:pos` */
  readonly event: string
  readonly slot: number
  readonly users: readonly number[]
  readonly toMembers: boolean
}

/** What `work` costs. */
export const costOf = async (system: System, work: () => Promise<void>): Promise<Cost> => {
  const { stack, topics } = system.world
  const log = await openWorldLog(system.world)
  const redis = await connectRedis(
    { url: stack.redisUrl, clock, random, logger: silentLogger },
    { commandTimeoutMs: 5_000, away: 'redis lost', back: 'redis is back' },
  )
  const measure = async () => ({
    ends: await Promise.all(topics.deliveries.map(async (topic) => (await log.ends(topic)).get(0) ?? 0)),
    routers: await cpuOf(system.routers),
    connectors: await cpuOf(system.connectors),
    redis: numbersOf(`${await redis.info('stats')}\n${await redis.info('commandstats')}`),
  })
  try {
    const before = await measure()
    await work()
    const after = await measure()
    const grown = (name: string) => (after.redis.get(name) ?? 0) - (before.redis.get(name) ?? 0)
    return {
      routerCpuS: after.routers - before.routers,
      connectorCpuS: after.connectors - before.connectors,
      redisCpuS: grown('cmdstat_evalsha.usec') / 1e6,
      scripts: grown('cmdstat_evalsha.calls'),
      userLookups: grown('cmdstat_hgetall.calls'),
      redisBytesIn: grown('total_net_input_bytes'),
      redisBytesOut: grown('total_net_output_bytes'),
      ...(await deliveredBetween(log, topics.deliveries, before.ends, after.ends)),
    }
  } finally {
    redis.disconnect()
    await log.close()
  }
}

const cpuOf = async (processes: readonly { readonly url: string }[]): Promise<number> =>
  (await Promise.all(processes.map(({ url }) => metricOf(url, 'process_cpu_seconds_total')))).reduce((a, b) => a + b, 0)

/** `name:value`, and `name:field=value,…` as `name.field`. */
const numbersOf = (info: string): ReadonlyMap<string, number> =>
  new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const [name = '', value = ''] = line.split(':')
      const fields = value.split(',').map((field) => field.split('='))
      return fields.map(([field = '', number]): [string, number] =>
        number === undefined ? [name, Number(field)] : [`${name}.${field}`, Number(number)],
      )
    }),
  )

const deliveredBetween = async (
  log: EventLog,
  topics: System['world']['topics']['deliveries'],
  from: readonly number[],
  to: readonly number[],
): Promise<Pick<Cost, 'records' | 'recordBytes' | 'told'>> => {
  const told: ToldEvent[] = []
  let [records, recordBytes] = [0, 0]
  for (const [slot, topic] of topics.entries())
    for await (const page of log.read(topic, 0, from[slot] ?? 0, to[slot] ?? 0, AbortSignal.timeout(60_000)))
      for (const { headers, value } of page) {
        const decoded = decodeDelivery(headers.schema ?? '', value)
        if ('reason' in decoded) throw new Error(decoded.detail)
        const delivery = decoded.record
        if (delivery.type !== 'SlotDelivery' || delivery.events.length === 0) continue
        records++
        recordBytes += value?.length ?? 0
        for (const { pos, users, toMembers } of delivery.events)
          told.push({ event: `${delivery.partition}:${pos}`, slot, users, toMembers })
      }
  return { records, recordBytes, told }
}
