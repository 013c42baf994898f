import type { ServiceProcess } from '@chat/stack'
import type { Measured } from './history.ts'
import type { Recorder } from './recorder.ts'

/** Samples what a process holds, from its own metrics. Throws when it does not answer. */
export const measure = async (recorder: Recorder, service: ServiceProcess, phase: Measured['phase']): Promise<void> => {
  const response = await fetch(`${service.url}/metrics`, { signal: AbortSignal.timeout(10_000) })
  const lines = (await response.text()).split('\n')
  recorder.record({
    what: 'measured',
    process: `${service.name} ${service.pid}`,
    phase,
    rssBytes: metricOf(lines, 'process_resident_memory_bytes'),
    heldBytes: metricOf(lines, 'nodejs_heap_size_used_bytes') + metricOf(lines, 'nodejs_external_memory_bytes'),
    handles: metricOf(lines, 'nodejs_active_handles_total'),
    // A type of resource that there is none of has no line.
    timers: metricOf(lines, 'nodejs_active_resources{type="Timeout"}', 0),
  })
}

const metricOf = (lines: readonly string[], name: string, whenAbsent?: number): number => {
  const line = lines.find((candidate) => candidate.startsWith(`${name} `))
  const value = line === undefined ? whenAbsent : Number(line.slice(name.length + 1))
  if (value === undefined || !Number.isSafeInteger(value)) throw new Error(`no ${name} among ${lines.length} metrics`)
  return value
}
