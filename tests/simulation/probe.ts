import type { Device } from './client/device.ts'
import { send } from './workload.ts'
import type { World } from './world.ts'

/** How long a probe may take to be shown everywhere, ms. */
const probeMaxMs = 30_000

/** Sends something to every conversation; that it arrives everywhere in time is judged by the history. */
export const probe = async (world: World, devices: readonly Device[]): Promise<void> => {
  const { recorder, readModels } = world
  const fault = 1_000_000
  recorder.record({ what: 'faultBegun', fault, name: 'everything', target: 'all' })
  recorder.record({ what: 'faultEnded', fault })
  const { memberships } = readModels.dump()
  const membersOf = Map.groupBy(
    memberships.filter(({ left_seq }) => left_seq === null),
    ({ conversation }) => conversation,
  )
  const probes: { readonly conversation: string; readonly members: readonly number[]; readonly from: number }[] = []
  for (const [conversation, stays] of membersOf) {
    const members = stays.map(({ user_id }) => user_id)
    const sender = devices.find(({ account }) => members.includes(account.userId))
    if (sender === undefined) continue
    const clientMsgId = sender.newId()
    recorder.record({ what: 'probed', fault, conversation, clientMsgId })
    probes.push({ conversation, members, from: sender.view.coveredTo(conversation) })
    send(sender, conversation, { conversation }, clientMsgId)
  }
  await world.runUntil(
    () =>
      probes.every(({ conversation, members, from }) =>
        devices.every(({ account, view }) => !members.includes(account.userId) || view.coveredTo(conversation) > from),
      ) && devices.every((device) => device.isSettled()),
    probeMaxMs,
  )
  const isProjected = () =>
    (['events', 'receipts'] as const).every((source) =>
      [...readModels.offsets(source)].every(
        ([partition, next]) => next === world.store.partition(world.topics[source], partition).end(),
      ),
    )
  await world.runUntil(isProjected, probeMaxMs)
}
