import type { Metrics } from '@chat/runtime'

export type ProjectorMetrics = ReturnType<typeof createProjectorMetrics>

export const createProjectorMetrics = (metrics: Metrics) => ({
  events: metrics.counter('chat_projector_events_total', 'Events projected'),
  receipts: metrics.counter('chat_projector_receipts_total', 'Receipts projected'),
  batchEvents: metrics.histogram(
    'chat_projector_batch_events',
    'Events of one transaction',
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  ),
  applyMs: metrics.histogram(
    'chat_projector_apply_ms',
    'One transaction',
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000],
  ),
  parked: metrics.counter(
    'chat_projector_parked_total',
    'Handlers that failed; each parks its aggregate until a rebuild',
  ),
  deadLetters: metrics.counter('chat_projector_dead_letters_total', 'Records copied to the dead letters'),
  overtaken: metrics.counter('chat_projector_overtaken_total', 'Batches refused because somebody else had projected'),
  partitions: metrics.gauge('chat_projector_partitions', 'Partitions projected by this process'),
})
