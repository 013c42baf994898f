import { type Appended, type Batch, type EventLog, isValid, posHeader, type StoredRecord } from '@chat/event-log'
import type { Lookup, Presence } from '@chat/presence'
import type { Projection } from '@chat/read-models'
import { type Clock, sleep } from '@chat/runtime'
import type { Host } from '../host.ts'

/** The ports of a process that something can be planted in. */
interface PlantedPorts {
  readonly log: EventLog
  readonly presence: Presence
  readonly projection: Projection
  readonly clock: Clock
}

/** What is done to the ports of each kind of process: a fault of its protocol, as far as that can be told through its ports. */
export type Plants = Readonly<Record<Host['kind'], (ports: PlantedPorts) => PlantedPorts>>

const asItIs = (ports: PlantedPorts): PlantedPorts => ports

export const noPlants: Plants = { router: asItIs, projector: asItIs, connector: asItIs }

const plant = (kind: Host['kind'], change: (ports: PlantedPorts) => Partial<PlantedPorts>): Plants => ({
  ...noPlants,
  [kind]: (ports: PlantedPorts) => ({ ...ports, ...change(ports) }),
})

/** The records of event topics, told otherwise than they are. */
const retold = (log: EventLog, tell: (record: StoredRecord) => StoredRecord): EventLog => {
  async function* each(records: AsyncIterable<readonly StoredRecord[]>) {
    for await (const slice of records) yield slice.map(tell)
  }
  return {
    ...log,
    read: (topic, ...rest) => (topic.kind === 'events' ? each(log.read(topic, ...rest)) : log.read(topic, ...rest)),
    tail: (topic, ...rest) => (topic.kind === 'events' ? each(log.tail(topic, ...rest)) : log.tail(topic, ...rest)),
  }
}

const alwaysValid = (record: StoredRecord): StoredRecord =>
  isValid(record) ? record : { ...record, headers: { ...record.headers, [posHeader]: String(record.offset) } }

/** Where an append of events believes to land. */
const stampedAt = ({ records }: Batch): number => Number(records[0]?.headers[posHeader])

/** Another append of events than the port's. */
const appending = (log: EventLog, append: EventLog['append']): EventLog => ({
  ...log,
  append: (batch) => (batch.topic.kind === 'events' ? append(batch) : log.append(batch)),
})

/** [G8] Base offsets that are not those asked for are not noticed. */
const blindToItsPlace = ({ log }: PlantedPorts) => ({
  log: appending(log, async (batch) => ({ ...(await log.append(batch)), baseOffset: stampedAt(batch) })),
})

const landed = (batch: Batch, clock: Clock): Appended => ({
  baseOffset: stampedAt(batch),
  timestamp: clock.now(),
  connection: 0,
})

/** [G1] An append whose answer is lost is taken for one that landed. */
const trustsSilence = ({ log, clock }: PlantedPorts) => ({
  log: appending(log, (batch) => log.append(batch).catch(() => landed(batch, clock))),
})

/** [G1] Who waits is told before the log has it. */
const answersFirst = ({ log, clock }: PlantedPorts) => ({
  log: appending(log, async (batch) => {
    void log.append(batch).catch(() => {}) // That is the fault: nobody looks.
    return landed(batch, clock)
  }),
})

/** A command is never decided. */
const resumesLate = ({ log }: PlantedPorts) => ({
  log: {
    ...log,
    tail: (...[topic, partition, from, signal]: Parameters<EventLog['tail']>) => {
      const records = log.tail(topic, partition, from, signal)
      return topic.kind === 'commands' && from > 0 ? withoutFirst(records) : records
    },
  },
})

async function* withoutFirst(records: AsyncIterable<readonly StoredRecord[]>) {
  let isFirst = true
  for await (const slice of records) {
    yield isFirst ? slice.slice(1) : slice
    isFirst = false
  }
}

/** Everybody, as of now: more users than any run has. */
const everybody = Array.from({ length: 64 }, (_, id) => id + 1)

/** [G1] Presence is looked up before the append instead of after it: who logs in between is not found. */
const looksFirst = ({ log, presence }: PlantedPorts) => {
  let seen: Lookup | undefined
  return {
    log: appending(log, async (batch) => {
      seen = await presence.lookup(everybody)
      return log.append(batch)
    }),
    presence: withPresence(presence, {
      lookup: async (users, conversations) => {
        const now = await presence.lookup(users, conversations)
        const { generation, locations } = seen ?? now
        return { ...now, generation, locations: new Map([...locations].filter(([user]) => users.includes(user))) }
      },
    }),
  }
}

/** The port is a proxy: its methods are not its own properties. */
const withPresence = (presence: Presence, changed: Partial<Presence>): Presence => ({
  ...{ lease: presence.lease, renew: presence.renew, release: presence.release, register: presence.register },
  ...{ registerGroups: presence.registerGroups, unregisterGroups: presence.unregisterGroups },
  ...{ unregister: presence.unregister, lookup: presence.lookup, connectors: presence.connectors },
  sightings: presence.sightings,
  ...{ claim: presence.claim, unclaim: presence.unclaim, holder: presence.holder },
  close: presence.close,
  ...changed,
})

/** "Offline" is remembered for a while. */
const remembersPresence = ({ presence, clock }: PlantedPorts) => {
  let known: { readonly lookup: Lookup; readonly untilMs: number } | undefined
  return {
    presence: withPresence(presence, {
      lookup: async () => {
        if (known === undefined || known.untilMs < clock.monotonic())
          known = { lookup: await presence.lookup(everybody), untilMs: clock.monotonic() + 3000 }
        return known.lookup
      },
    }),
  }
}

/** [G1] A login goes on before presence has acknowledged it. */
const registersLate = ({ presence, clock }: PlantedPorts) => ({
  presence: withPresence(presence, {
    register: async (...args) => {
      const late = sleep(clock, 300).then(() => presence.register(...args))
      late.catch(() => {}) // That is the fault: nobody looks.
      return clock.now()
    },
  }),
})

/** [G1] The watermark of a login may be older than the login. */
const sharesOldWatermarks = ({ log, clock }: PlantedPorts) => {
  let known: { readonly ends: ReadonlyMap<number, number>; readonly untilMs: number } | undefined
  return {
    log: {
      ...log,
      ends: async (...[topic]: Parameters<EventLog['ends']>) => {
        if (topic.kind !== 'events') return log.ends(topic)
        if (known === undefined || known.untilMs < clock.monotonic())
          known = { ends: await log.ends(topic), untilMs: clock.monotonic() + 3000 }
        return known.ends
      },
    },
  }
}

/** Cursors are acknowledged before the log has them. */
const acknowledgesCursorsFirst = ({ log, clock }: PlantedPorts) => ({
  log: {
    ...log,
    append: async (batch: Batch) => {
      if (batch.topic.kind !== 'receipts') return log.append(batch)
      void log.append(batch).catch(() => {}) // That is the fault: nobody looks.
      return landed(batch, clock)
    },
  },
})

/** [G7] The offset is committed before the rows: what fails or dies in between is never projected. */
const commitsOffsetFirst = ({ projection, clock }: PlantedPorts) => {
  const { offset, applyReceipts, close } = projection
  return {
    projection: {
      ...{ offset, applyReceipts, close },
      applyEvents: async (batch: Parameters<Projection['applyEvents']>[0]) => {
        // Two transactions where there was one: now and then the process dies, or the database goes away, between them.
        const isCutShort = Math.floor(clock.monotonic()) % 16 === 0
        return projection.applyEvents(isCutShort ? { ...batch, events: [] } : batch)
      },
    },
  }
}

/** By name: `npm run simulate -- --plant NAME` shows how the simulation finds one. */
export const plantsByName: Readonly<Record<string, Plants>> = {
  'router-takes-every-record': plant('router', ({ log }) => ({ log: retold(log, alwaysValid) })),
  'projector-takes-every-record': plant('projector', ({ log }) => ({ log: retold(log, alwaysValid) })),
  'router-blind-to-its-place': plant('router', blindToItsPlace),
  'router-trusts-silence': plant('router', trustsSilence),
  'router-answers-before-the-append': plant('router', answersFirst),
  'router-resumes-one-late': plant('router', resumesLate),
  'router-looks-up-presence-before-the-append': plant('router', looksFirst),
  'router-remembers-presence': plant('router', remembersPresence),
  'connector-registers-late': plant('connector', registersLate),
  'connector-shares-old-watermarks': plant('connector', sharesOldWatermarks),
  'connector-acknowledges-cursors-first': plant('connector', acknowledgesCursorsFirst),
  'projector-commits-the-offset-first': plant('projector', commitsOffsetFirst),
}
