import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openKafkaLog } from '@chat/event-log/kafka'
import { createMemoryPresence } from '@chat/presence/memory'
import { createRouter } from '@chat/router'
import { createHealth, createMetrics, silentLogger, sleep } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { createEncoder, createTopics, localSchemaIds } from '@chat/schemas'

/**
 * A router that starts on a log, in a process of its own because a start is never warm. Arguments: brokers, prefix of the topics, and
 * after how many records a snapshot is due. With `write` as fourth it writes one before it ends. Says on stdout what it took.
 */
const [brokers = '', prefix = '', snapshotEvents = '', mode = ''] = process.argv.slice(2)

const metrics = createMetrics({ withProcess: 'bare' })
/** Sum of a histogram of ms that was observed once. */
const measured = async (name: string): Promise<number | undefined> => {
  const { body } = await metrics.expose()
  const sum = new RegExp(`^${name}_sum(?:\\{[^}]*\\})? (.*)$`, 'm').exec(body)?.[1]
  return sum === undefined ? undefined : Math.round(Number(sum))
}

/** CPU time of this process so far, its start included: on a machine with other load it says more than the time on the wall. */
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return Math.round((user + system) / 1000)
}

const health = createHealth()
const onFatal = (error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exit(1)
}
const log = await openKafkaLog({
  brokers: brokers.split(','),
  clientId: 'bench',
  clock,
  random,
  logger: silentLogger,
  onFatal,
})
const router = createRouter(
  {
    logPrefix: prefix,
    firstId: 1,
    snapshotEvents: Number(snapshotEvents),
    directPolicy: 'anyone',
    largeGroupMembers: 128,
    largeGroupSettleMs: 30_000,
  },
  {
    ...{ log, topics: createTopics({ prefix, partitions: 1, slots: 1 }), encoder: createEncoder(localSchemaIds) },
    ...{ presence: createMemoryPresence({ clock, random, slots: 1 }), clock, random, logger: silentLogger },
    ...{ health, metrics, onFatal },
  },
)
const startedMs = clock.monotonic()
await router.start()
while ((await measured('chat_router_restore_ms')) === undefined || !health.isReady()) await sleep(clock, 50)
const readyCpuMs = cpuMs()
const readyMs = Math.round(clock.monotonic() - startedMs)
const delay = monitorEventLoopDelay({ resolution: 1 })
if (mode === 'write') {
  delay.enable()
  while ((await measured('chat_router_snapshot_ms')) === undefined) await sleep(clock, 50)
  delay.disable()
}
const result = {
  readyMs,
  readyCpuMs,
  restoreMs: await measured('chat_router_restore_ms'),
  rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
  from: /restore_ms_count\{from="(\w+)"\}/.exec((await metrics.expose()).body)?.[1],
  ...(mode === 'write' && {
    snapshotMs: await measured('chat_router_snapshot_ms'),
    snapshotBytes: Number(/^chat_router_snapshot_bytes_total\{[^}]*\} (.*)$/m.exec((await metrics.expose()).body)?.[1]),
    snapshotCpuMs: cpuMs() - readyCpuMs,
    eventLoopDelayMs: { p99: Math.round(delay.percentile(99) / 1e6), max: Math.round(delay.max / 1e6) },
  }),
}
process.stdout.write(`${JSON.stringify(result)}\n`)
await router.stop()
await log.close()
process.exit(0)
