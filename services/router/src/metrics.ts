import type { Metrics } from '@chat/runtime'

export type RouterMetrics = ReturnType<typeof createRouterMetrics>

const msBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000]
const longMsBuckets = [10, 50, 100, 500, 1000, 2000, 5000, 10_000, 20_000, 60_000, 300_000]

export const createRouterMetrics = (metrics: Metrics) => ({
  commands: metrics.counter('chat_router_commands_total', 'Commands decided, by outcome', ['outcome']),
  events: metrics.counter('chat_router_events_total', 'Events written and acknowledged'),
  batchEvents: metrics.histogram(
    'chat_router_batch_events',
    'Events of one append',
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  ),
  decideMs: metrics.histogram('chat_router_decide_ms', 'Deciding one batch', [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]),
  appendMs: metrics.histogram('chat_router_append_ms', 'From an append to its acknowledgement', msBuckets),
  misses: metrics.counter('chat_router_misses_total', 'Appends that did not land where they were meant to, or unknown'),
  waitMs: metrics.histogram(
    'chat_router_command_wait_ms',
    'Age of the oldest command of a batch when decided',
    msBuckets,
  ),
  waiting: metrics.gauge('chat_router_waiting_commands', 'Commands read and not yet decided', ['partition']),
  lookupMs: metrics.histogram('chat_router_presence_lookup_ms', 'One presence lookup', msBuckets),
  presenceAway: metrics.gauge('chat_router_presence_away', '1 while presence does not answer this router'),
  deliveryAppendMs: metrics.histogram(
    'chat_router_delivery_append_ms',
    'From the append of a delivery to its acknowledgement',
    msBuckets,
  ),
  deliveries: metrics.counter('chat_router_deliveries_total', 'Records written to delivery topics', ['kind']),
  deliveriesLost: metrics.counter('chat_router_deliveries_lost_total', 'Delivery records given up; clients sync'),
  hints: metrics.counter('chat_router_hints_total', 'Receipts and typing told, one for each connector concerned'),
  hintsLost: metrics.counter('chat_router_hints_lost_total', 'Receipts and typing given up: too many, or no append'),
  restoreMs: metrics.histogram(
    'chat_router_restore_ms',
    'Making the state of a partition at a start, by what it was made from',
    longMsBuckets,
    ['from'],
  ),
  snapshotMs: metrics.histogram('chat_router_snapshot_ms', 'Writing a dump, rests included', longMsBuckets, ['kind']),
  snapshotBytes: metrics.counter('chat_router_snapshot_bytes_total', 'Values of dumps written', ['kind']),
  snapshotFailures: metrics.counter('chat_router_snapshot_failures_total', 'Dumps given up, to be tried again'),
  deadLetters: metrics.counter('chat_router_dead_letters_total', 'Commands copied to the dead letters'),
})
