import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Metrics of one process, in the Prometheus text format. Names: `chat_<service>_<noun>_<unit>[_total]`. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter
  gauge(name: string, help: string, labels?: readonly string[]): Gauge
  /** Buckets in the unit the name ends with. */
  histogram(name: string, help: string, buckets: readonly number[], labels?: readonly string[]): Histogram
  /** The exposition text and its content type. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>
}

export const createMetrics = (options: { readonly withProcess: 'process' | 'bare' }): Metrics => {
  const registry = new Registry()
  if (options.withProcess === 'process') collectDefaultMetrics({ register: registry })
  const registers = [registry]
  return {
    counter: (name, help, labels = []) => new Counter({ name, help, labelNames: [...labels], registers }),
    gauge: (name, help, labels = []) => new Gauge({ name, help, labelNames: [...labels], registers }),
    histogram: (name, help, buckets, labels = []) =>
      new Histogram({ name, help, buckets: [...buckets], labelNames: [...labels], registers }),
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  }
}
