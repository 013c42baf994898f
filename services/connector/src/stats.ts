import type { Metrics } from '@chat/runtime'

/** Counted in plain numbers where it happens (a labelled counter costs more than the frame it counts) and published each second. */
export interface Stats {
  framesReceived: number
  pushesSent: number
  pushesDropped: number
  resyncsSent: number
  deliveriesForeign: number
  deliveriesRepeated: number
  deliveriesUndecodable: number
  readonly closes: Map<number, number>
  readonly refusals: Map<string, number>
}

export const createStats = (): Stats => ({
  framesReceived: 0,
  pushesSent: 0,
  pushesDropped: 0,
  resyncsSent: 0,
  deliveriesForeign: 0,
  deliveriesRepeated: 0,
  deliveriesUndecodable: 0,
  closes: new Map(),
  refusals: new Map(),
})

export const count = (counts: Map<number, number> | Map<string, number>, key: number | string): void => {
  const map = counts as Map<number | string, number>
  map.set(key, (map.get(key) ?? 0) + 1)
}

/** Returns what moves the counts of `stats` into the metrics. */
export const createPublisher = (
  metrics: Metrics,
  stats: Stats,
  now: {
    readonly connections: () => number
    readonly isPresenceAway: () => boolean
    readonly watched: () => number
    readonly largeGroups: () => { readonly groups: number; readonly unsettled: number }
  },
): (() => void) => {
  const plain = [
    ['framesReceived', 'chat_connector_frames_received_total', 'Frames from clients'],
    ['pushesSent', 'chat_connector_pushes_sent_total', 'Pushes handed to sockets'],
    ['pushesDropped', 'chat_connector_pushes_dropped_total', 'Pushes dropped; a resync follows'],
    ['resyncsSent', 'chat_connector_resyncs_sent_total', 'Clients told to sync'],
    ['deliveriesForeign', 'chat_connector_deliveries_foreign_total', 'Deliveries for another lease'],
    ['deliveriesRepeated', 'chat_connector_deliveries_repeated_total', 'Events that were delivered before'],
    ['deliveriesUndecodable', 'chat_connector_deliveries_undecodable_total', 'Deliveries sent to the dead letters'],
  ] as const
  const counters = plain.map(([name, metric, help]) => ({ name, counter: metrics.counter(metric, help) }))
  const closes = metrics.counter('chat_connector_closes_total', 'Connections closed by us, by code', ['code'])
  const refusals = metrics.counter('chat_connector_refusals_total', 'Requests answered by an error', ['code'])
  const gauge = metrics.gauge('chat_connector_connections', 'Open connections')
  const away = metrics.gauge('chat_connector_presence_away', '1 while presence is away and connections are kept')
  const watched = metrics.gauge('chat_connector_presence_watched', 'Different users whose presence clients here watch')
  const groups = metrics.gauge('chat_connector_large_groups', 'Large groups registered here')
  const unsettled = metrics.gauge('chat_connector_large_groups_unsettled', 'Users whose large groups are being read')
  return () => {
    for (const { name, counter } of counters) {
      if (stats[name] > 0) counter.inc(stats[name])
      stats[name] = 0
    }
    for (const [code, times] of stats.closes) closes.inc({ code: String(code) }, times)
    for (const [code, times] of stats.refusals) refusals.inc({ code }, times)
    stats.closes.clear()
    stats.refusals.clear()
    gauge.set(now.connections())
    watched.set(now.watched())
    groups.set(now.largeGroups().groups)
    unsettled.set(now.largeGroups().unsettled)
    away.set(now.isPresenceAway() ? 1 : 0)
  }
}
