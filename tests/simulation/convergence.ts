import type { Device } from './client/device.ts'
import type { World } from './world.ts'

/** Everything is done: every process is ready, every device has what it may see, and has nothing left to send. */
export const haveConverged = (world: World, devices: readonly Device[]): boolean => {
  if (!devices.every((device) => device.isSettled()) || !world.hosts.every(isReady)) return false
  return lagOf(world, devices).length === 0
}

const isReady = (host: World['hosts'][number]): boolean => host.isUp() && host.life()?.health.isReady() === true

/** What is not done, a sentence each. */
export const lagOf = (world: World, devices: readonly Device[]): readonly string[] => [
  ...hostLag(world),
  ...projectionLag(world),
  ...devices.flatMap((device) => deviceLag(world, device)),
]

const hostLag = ({ hosts }: World): readonly string[] =>
  hosts
    .filter((host) => !isReady(host))
    .map((host) => `${host.name} is not ready: ${JSON.stringify(host.life()?.health.reasons() ?? 'not started')}`)

const projectionLag = ({ topics, store, readModels }: World): readonly string[] =>
  (['events', 'receipts'] as const).flatMap((source) => {
    const offsets = readModels.offsets(source)
    return Array.from({ length: topics[source].partitions }, (_, partition) => partition)
      .filter((partition) => (offsets.get(partition) ?? 0) !== store.partition(topics[source], partition).end())
      .map((partition) => `${source} ${partition} are projected up to ${offsets.get(partition) ?? 0} only`)
  })

const deviceLag = (world: World, device: Device): readonly string[] => {
  const { conversations, memberships } = world.readModels.dump()
  const lastSeqs = new Map(conversations.map(({ id, last_seq }) => [id, last_seq]))
  const lags: string[] = []
  if (!device.isSettled()) lags.push(`${device.id} is not settled, ${device.unsent()} unsent`)
  for (const { conversation, user_id, left_seq } of memberships) {
    if (user_id !== device.account.userId || left_seq !== null) continue
    const covered = device.view.coveredTo(conversation)
    const last = lastSeqs.get(conversation) ?? 0
    if (covered < last) lags.push(`${device.id} has ${conversation} up to ${covered} of ${last}`)
  }
  return lags
}
