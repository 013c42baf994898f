import type { Health, Service } from '@chat/runtime'
import type { Machine } from './machine.ts'
import type { ProcessLog } from './ports/log.ts'

/** One life of a process, as its host has it. */
export interface Life {
  readonly machine: Machine
  readonly service: Service
  readonly health: Health
  readonly log: ProcessLog
}

export interface LifeHooks {
  /** The process said that it must exit. */
  readonly onFatal: (error: unknown) => void
}

/** A place where a process runs, dies and is started again. */
export interface Host {
  readonly name: string
  readonly kind: 'connector' | 'router' | 'projector'
  life(): Life | undefined
  start(): void
  crash(onTheWay: 'land' | 'lose'): void
  /** Asks it to end, as a rolling restart does; what has not ended in time is killed. It is started again at once. */
  terminate(): void
  freeze(): void
  thaw(): void
  /** The group of its kind throws it out. */
  expel(): void
  /** Whether its start is through. */
  isUp(): boolean
  /** What it died of by itself. */
  readonly deaths: readonly string[]
}

interface HostParts {
  readonly name: string
  readonly kind: Host['kind']
  readonly boot: (hooks: LifeHooks, lives: number) => Life
  /** After `ms` of true time. */
  readonly later: (ms: number, label: string, run: () => void) => void
  /** The kernel closes the connections of a dead process. */
  readonly onDeath: (life: Life) => void
}

/** A supervisor starts again what exited after so long, ms. */
const restartMs = 1000
/** What was asked to end and has not is killed after this, ms. */
const terminationMs = 30_000
/** A broker misses a dead or frozen member of a group after this, ms. */
const sessionTimeoutMs = 6000

export const createHost = ({ name, kind, boot, later, onDeath }: HostParts): Host => {
  const deaths: string[] = []
  let life: Life | undefined
  /** Asked to end: a start that is still under way fails for that reason, which is no death. */
  let asked: Life | undefined
  let lives = 0
  let isUp = false

  const start = () => {
    if (life !== undefined) return
    const onFatal = (error: unknown) => {
      deaths.push(`${name} exited: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      later(0, `${name} exits`, () => {
        if (life !== own) return
        crash('land')
        later(restartMs, `${name} restarts`, start)
      })
    }
    const own = boot({ onFatal }, ++lives)
    life = own
    isUp = false
    own.service.start().then(
      () => {
        if (life === own) isUp = true
      },
      (error: unknown) => {
        if (asked !== own) onFatal(error)
      },
    )
  }

  const crash = (onTheWay: 'land' | 'lose') => {
    const dying = life
    if (dying === undefined) return
    life = undefined
    isUp = false
    dying.machine.crash(onTheWay)
    onDeath(dying)
    later(sessionTimeoutMs, `the broker misses ${name}`, () => dying.log.bury())
  }

  const terminate = () => {
    const ending = life
    if (ending === undefined || ending.machine.isFrozen()) return
    asked = ending
    isUp = false
    const over = () => {
      if (life !== ending) return
      crash('land')
      start()
    }
    ending.service.stop().then(over, (error: unknown) => {
      deaths.push(`${name} did not stop: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      over()
    })
    later(terminationMs, `${name} is killed`, over)
  }

  const freeze = () => {
    const frozen = life
    if (frozen === undefined || frozen.machine.isFrozen()) return
    frozen.machine.freeze()
    later(sessionTimeoutMs, `the broker misses ${name}`, () => {
      if (frozen.machine.isFrozen()) void frozen.log.expel()
    })
  }

  return {
    ...{ name, kind, deaths, start, crash, terminate, freeze },
    life: () => life,
    thaw: () => life?.machine.thaw(),
    expel: () => void life?.log.expel(),
    isUp: () => isUp,
  }
}
