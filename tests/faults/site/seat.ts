import { type Clock, sleep } from '@chat/runtime'
import { type ServiceName, type ServiceProcess, spawnService } from '@chat/stack'
import { waitUntil } from '@chat/testkit'

/** A place of the system that one process after the other takes: always on the same port, started again when it ends by itself. */
export interface Seat {
  /** `router-2`. */
  readonly name: string
  readonly kind: ServiceName
  /** Where it serves, whichever process has it. */
  readonly url: string
  process(): ServiceProcess
  /** The same, once one that fell has been followed. */
  whenTaken(): Promise<ServiceProcess>
  /** Ends the process and leaves the seat empty until `start`. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  /** A new process, with other settings where `env` says so; resolves when it is ready. */
  start(env?: Readonly<Record<string, string>>): Promise<void>
  /** Like `start`, without waiting for it to be ready. */
  launch(env?: Readonly<Record<string, string>>): Promise<void>
  /** How often a process of its ended without being told to. */
  falls(): number
  /** What all its processes wrote. */
  logs(): string
}

/** As a supervisor would, ms. */
const restartAfterMs = 500

export const createSeat = (options: {
  readonly name: string
  readonly kind: ServiceName
  readonly port: number
  readonly env: Readonly<Record<string, string>>
  readonly clock: Clock
}): Seat => {
  const { name, kind, port, clock } = options
  const past: ServiceProcess[] = []
  let present: ServiceProcess | undefined
  let falls = 0

  const current = (): ServiceProcess => {
    if (present === undefined) throw new Error(`${name} is empty`)
    return present
  }
  const launch: Seat['launch'] = async (env = {}) => {
    if (present !== undefined) throw new Error(`${name} is taken`)
    const service = await spawnService(kind, { ...options.env, CHAT_PORT: String(port), ...env }, clock)
    past.push(service)
    present = service
    const onEnd = async () => {
      if (present !== service) return
      present = undefined
      falls++
      await sleep(clock, restartAfterMs)
      if (present === undefined && !isEnded) await launch(env)
    }
    void service.exited.then(onEnd)
  }
  let isEnded = false

  return {
    name,
    kind,
    url: `http://127.0.0.1:${port}`,
    process: current,
    whenTaken: () =>
      waitUntil(() => present, { deadlineMs: restartAfterMs * 10, what: `somebody takes the seat of ${name}` }),
    end: async (signal) => {
      isEnded = true
      const service = present
      present = undefined
      service?.kill(signal)
      await service?.exited
    },
    launch: (env) => {
      isEnded = false
      return launch(env)
    },
    start: async (env) => {
      isEnded = false
      await launch(env)
      await current().ready(startTimeoutMs)
    },
    falls: () => falls,
    logs: () => past.map((service) => service.logs()).join('\n--- the next process ---\n'),
  }
}

/** On a machine that does much else, ms. */
const startTimeoutMs = 60_000
