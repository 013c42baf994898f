import { isValid } from '@chat/event-log'
import { recordsOf } from './dumps.ts'
import { enrol } from './people.ts'
import { createScheduler } from './scheduler.ts'
import { startWorkload } from './workload.ts'
import { createWorld, layOut, partitions, type World } from './world.ts'

/** How long people talk before the cut and after it, ms. */
const talkMs = 6000
const startMaxMs = 30_000

export interface Cut {
  /** What was accepted although the log had been cut. */
  readonly violations: readonly string[]
  /** Valid events that were cut off. */
  readonly lost: number
}

/**
 * The end of a partition of events is cut off behind everybody's back, as by a disk that forgets: events are gone that were acknowledged,
 * projected and shown. Nothing makes that good; whoever knew them must stop, and must not go on from what is left. Every other seed
 * kills the routers before they notice: the new ones cannot know, and the projectors must.
 */
export const simulateCut = async (seed: number): Promise<Cut> => {
  const world = createWorld({ seed, scheduler: createScheduler(), label: `cut ${seed}` })
  const random = world.fork()
  await layOut(world)
  for (const host of world.hosts) host.start()
  const isUp = () => world.hosts.every((host) => host.isUp() && host.life()?.health.isReady() === true)
  if (!(await world.runUntil(isUp, startMaxMs))) throw new Error('the system does not start')
  const devices = await enrol(world)
  for (const device of devices) device.start()
  startWorkload(world, devices)
  await world.runUntil(() => false, talkMs)

  const partition = Math.floor(random.fraction() * partitions)
  const { topics, store, readModels } = world
  const end = () => store.partition(topics.events, partition).end()
  const projectedTo = () => readModels.offsets('events').get(partition) ?? 0
  if (!(await world.runUntil(() => projectedTo() === end() && end() > 0, startMaxMs)))
    throw new Error('the projection does not catch up')
  const before = projectedTo()
  const to = Math.max(1, before - 1 - Math.floor(random.fraction() * 4))
  const lost = recordsOf(world, topics.events, partition).filter(
    (record) => record.offset >= to && isValid(record),
  ).length
  store.truncate(topics.events, partition, to)
  const routersKnow = seed % 2 === 0
  if (!routersKnow) restartRouters(world)
  await world.runUntil(() => false, talkMs)
  return {
    lost,
    violations:
      lost === 0
        ? []
        : [...(routersKnow ? wentOn(world, partition, to) : []), ...projectedOn(world, partition, before)],
  }
}

const restartRouters = ({ hosts }: World): void => {
  for (const host of hosts.filter(({ kind }) => kind === 'router')) {
    host.crash('lose')
    host.start()
  }
}

/** A router that knew the events writes nothing after them, and says why. */
const wentOn = (world: World, partition: number, to: number): readonly string[] => {
  const written = recordsOf(world, world.topics.events, partition).filter(
    (record) => record.offset >= to && isValid(record),
  )
  const stops = reasonsOf(world, 'router', `partition ${partition}`).filter((reason) => reason.includes('was cut'))
  return [
    ...written.map(
      ({ offset }) => `an event was written at ${offset} of partition ${partition}, which was cut at ${to}`,
    ),
    ...(stops.length > 0 ? [] : [`no router says that partition ${partition} was cut`]),
  ]
}

/**
 * A projector that had the events projects nothing more, and says why; unless a batch that was under way filled the place of what is gone
 * with what does not count: then nothing shows the cut to whoever stands behind it, and nothing goes on from it, since its router stopped.
 */
const projectedOn = (world: World, partition: number, before: number): readonly string[] => {
  const behind = recordsOf(world, world.topics.events, partition).filter(({ offset }) => offset >= before)
  const isShown = world.store.partition(world.topics.events, partition).end() < before || behind.some(isValid)
  const now = world.readModels.offsets('events').get(partition) ?? 0
  const stops = reasonsOf(world, 'projector', `projection of events ${partition}`).filter((reason) =>
    reason.startsWith('log_cut'),
  )
  return [
    ...(now === before ? [] : [`events ${partition} were projected from ${before} to ${now} after the cut`]),
    ...(stops.length > 0 || !isShown ? [] : [`no projector says that events ${partition} were cut`]),
  ]
}

const reasonsOf = ({ hosts }: World, kind: 'router' | 'projector', component: string): readonly string[] =>
  hosts
    .filter((host) => host.kind === kind)
    .flatMap((host) => {
      const reason = host.life()?.health.reasons()[component]
      return reason === undefined ? [] : [reason]
    })
