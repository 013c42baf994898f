import { repairPartition } from '@chat/router/repair'
import { isFault, type Random, silentLogger } from '@chat/runtime'
import { createEncoder, localSchemaIds } from '@chat/schemas'
import { partitions, type World } from './world.ts'

/** Commands of a partition that were not on disk yet, at most. */
const lostMax = 6
/** How often the operator looks, ms. */
const lookEveryMs = 1000

/**
 * A lone broker loses its power: the events were on its disk when they were acknowledged, the newest commands were not. Others come to
 * stand in their places. Every other time the routers, on the same machine, go down with it.
 */
export const losePower = ({ store, topics, hosts, lostCommands }: World, random: Random): (() => void) => {
  const routers = random.fraction() < 0.5 ? hosts.filter(({ kind }) => kind === 'router') : []
  for (const router of routers) router.crash('lose')
  for (let partition = 0; partition < partitions; partition++) {
    const commands = store.partition(topics.commands, partition)
    const to = commands.end()
    const from = Math.max(commands.beginning(), to - Math.floor(random.fraction() * (lostMax + 1)))
    store.truncate(topics.commands, partition, from)
    lostCommands.push({ partition, from, to })
  }
  return () => {
    for (const router of routers) router.start()
  }
}

const { signal } = new AbortController()
const encoder = createEncoder(localSchemaIds)

/** `npm run repair -- --commands`. Throws Fault. */
export const repairCommands = async ({ store, topics, clock }: World): Promise<void> => {
  const ports = { log: store.client('operator'), topics, encoder, clock, logger: silentLogger }
  for (let partition = 0; partition < partitions; partition++)
    await repairPartition(partition, ports, { isRebasing: true }, signal)
}

/** Somebody who looks whether a router says that commands were cut, and then does what is written. */
export const employOperator = (world: World): void => {
  const isAsked = () =>
    world.hosts.some((host) =>
      Object.values(host.life()?.health.reasons() ?? {}).some((reason) => reason.includes('were cut')),
    )
  const look = () => {
    const repaired = isAsked() ? repairCommands(world) : Promise.resolve()
    repaired
      .catch((error: unknown) => {
        if (!isFault(error)) throw error // It is tried again while a router asks for it.
      })
      .finally(() => world.later(lookEveryMs, 'the operator looks', look))
  }
  look()
}
