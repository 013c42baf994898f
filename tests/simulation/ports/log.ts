import type { EventLog, Share, ShareOptions, StoredRecord } from '@chat/event-log'
import type { MemoryClient } from '@chat/event-log/memory'
import { Fault, type Random } from '@chat/runtime'
import type { Topic } from '@chat/schemas'
import type { Machine } from '../machine.ts'
import type { Wire } from './wire.ts'

/** Which partitions cannot be reached at present; shared by all processes. */
export interface LogOutages {
  isAway(topic: Topic, partition: number): boolean
  /** Resolves when the partition can be reached. */
  back(topic: Topic, partition: number): Promise<void>
}

/** The log as one process has it. */
export interface ProcessLog extends EventLog {
  /** The group throws the process out, as one that was not heard of for long; it comes back when it next asks. */
  expel(): Promise<void>
  /** The broker closes the session of a process that is dead. */
  bury(): void
}

interface Surroundings {
  readonly machine: Machine
  readonly wire: Wire
  readonly random: Random
  readonly outages: LogOutages
}

/** An append that finds no leader is given up after so long, ms. */
const giveUpMs = { least: 300, most: 4000 }

const unavailable = (): Fault => new Fault('log_unavailable', 'no leader')

/** The memory log behind a network, with leaders that go away. What becomes of single appends is the store's own `faults`. */
export const createProcessLog = (client: MemoryClient, surroundings: Surroundings): ProcessLog => {
  const { wire, outages, random } = surroundings
  const members = new Set<Member>()

  /** Waits for the leader, or gives up: whether the batch lands is then decided. */
  const append: EventLog['append'] = (batch) =>
    wire.call(`append ${batch.topic.name}`, `${batch.topic.name} ${batch.partition}`, async () => {
      if (!outages.isAway(batch.topic, batch.partition)) return client.append(batch)
      const { least, most } = giveUpMs
      if (await isBackWithin(least + random.fraction() * (most - least), batch.topic, batch.partition))
        return client.append(batch)
      throw unavailable()
    })

  const isBackWithin = (ms: number, topic: Topic, partition: number): Promise<boolean> =>
    new Promise((resolve) => {
      surroundings.machine.receive(ms, 'gives up waiting for a leader', () => resolve(false))
      void outages.back(topic, partition).then(() => resolve(true))
    })

  const ask = <T>(label: string, topic: Topic, run: () => Promise<T>): Promise<T> =>
    wire.call(label, undefined, async () => {
      for (let partition = 0; partition < topic.partitions; partition++)
        if (outages.isAway(topic, partition)) throw unavailable()
      return run()
    })

  async function* stream(
    label: string,
    topic: Topic,
    partition: number,
    records: AsyncIterable<readonly StoredRecord[]>,
  ): AsyncGenerator<readonly StoredRecord[]> {
    await wire.hop(label)
    try {
      for await (const slice of records) {
        if (outages.isAway(topic, partition)) await outages.back(topic, partition)
        await wire.hop(label)
        yield slice
      }
    } catch (error) {
      await wire.hop(label)
      throw error
    }
  }

  const share = async (options: ShareOptions): Promise<Share> => {
    const member = createMember(client, options, surroundings)
    members.add(member)
    await member.join()
    return member.share
  }

  return {
    append,
    read: (topic, partition, from, to, signal) =>
      stream('reads', topic, partition, client.read(topic, partition, from, to, signal)),
    tail: (topic, partition, from, signal) =>
      stream('tails', topic, partition, client.tail(topic, partition, from, signal)),
    ends: (topic) => ask('ends', topic, () => client.ends(topic)),
    beginnings: (topic) => ask('beginnings', topic, () => client.beginnings(topic)),
    share,
    ensureTopics: (topics, settings) => wire.call('topics', undefined, () => client.ensureTopics(topics, settings)),
    close: () => client.close(),
    expel: async () => {
      for (const member of members) await member.expel()
    },
    bury: () => client.kill('land'),
  }
}

interface Member {
  readonly share: Share
  join(): Promise<void>
  expel(): Promise<void>
}

/** A member of a group hears of its partitions over the network, and does not hear that it was thrown out. */
const createMember = (client: MemoryClient, options: ShareOptions, { machine, wire }: Surroundings): Member => {
  let seat: Share | undefined
  let isLeaving = false
  let told = 0

  /** Late news of an earlier assignment must not undo the newest: a coordinator's answers come in order. */
  const onAssigned: ShareOptions['onAssigned'] = (partitions) => {
    const turn = ++told
    machine.receive(1, 'assigned', () => {
      if (turn === told && !isLeaving) options.onAssigned(partitions)
    })
  }

  const join = () =>
    wire.call('joins', 'group', async () => {
      if (isLeaving || seat !== undefined) return
      // Who comes back has nothing until it is given something.
      if (told > 0) onAssigned(new Set())
      seat = await client.share({ ...options, onAssigned })
    })

  return {
    join,
    share: {
      verify: async () => {
        if (seat === undefined) await join()
        return wire.call('verifies', 'group', async () => (seat === undefined ? new Set<number>() : seat.verify()))
      },
      leave: async () => {
        isLeaving = true
        return wire.call('leaves', 'group', async () => (await seat?.leave()) ?? { hasOthers: false })
      },
    },
    expel: async () => {
      const expelled = seat
      if (expelled === undefined) return
      seat = undefined
      await expelled.leave()
      // Its next heartbeat, once it can send one, is answered with "unknown member": it joins again.
      if (!isLeaving) machine.receive(500, 'heartbeat', () => void join())
    },
  }
}
