import { faketimePath } from '@chat/stack'
import type { recoveryBudgetsMs } from '../budgets.ts'
import type { FaultKind } from './fault-kind.ts'

type Kind = 'connector' | 'router' | 'projector'
type Budget = keyof typeof recoveryBudgetsMs

const kinds: readonly Kind[] = ['connector', 'router', 'projector']

const killedBudget: Readonly<Record<Kind, Budget>> = {
  connector: 'connector killed',
  router: 'router killed',
  projector: 'projector killed',
}

const base = (kind: Kind) =>
  ({ part: kind, targets: (site) => site.seatsOf(kind).map((seat) => seat.name) }) satisfies Partial<FaultKind>

const killed = (kind: Kind): FaultKind => ({
  ...base(kind),
  name: `${kind} killed`,
  budget: killedBudget[kind],
  countsFrom: 'begin',
  lastsMs: [0, 3_000],
  weight: 4,
  inject: async (site, target) => {
    await site.seat(target).end('SIGKILL')
    return () => site.seat(target).start()
  },
})

const terminated = (kind: Kind): FaultKind => ({
  ...base(kind),
  name: `${kind} terminated`,
  budget: killedBudget[kind],
  countsFrom: 'begin',
  lastsMs: [0, 3_000],
  weight: 2,
  inject: async (site, target) => {
    // It drains for as long as it needs while others go on.
    const ended = site.seat(target).end('SIGTERM')
    return async () => {
      await ended
      await site.seat(target).start()
    }
  },
})

/** Its event loop is blocked as well: the same to everybody else. */
const frozen = (kind: Kind): FaultKind => ({
  ...base(kind),
  name: `${kind} frozen`,
  budget: kind === 'connector' ? 'connector frozen' : killedBudget[kind],
  countsFrom: 'end',
  lastsMs: [1_000, 9_000],
  weight: 4,
  inject: async (site, target) => {
    const service = await site.seat(target).whenTaken()
    service.kill('SIGSTOP')
    return async () => void service.kill('SIGCONT')
  },
})

/** The wall clock of one process, by libfaketime; its monotonic clock stays right. */
const clockOff = (kind: Kind, offset: '+2h' | '-2h'): FaultKind => ({
  ...base(kind),
  name: `${kind} clock ${offset}`,
  budget: killedBudget[kind],
  countsFrom: 'begin',
  lastsMs: [4_000, 8_000],
  weight: 1,
  waitsForReady: true,
  inject: async (site, target) => {
    const seat = site.seat(target)
    await seat.end('SIGKILL')
    await seat.start({
      LD_PRELOAD: faketimePath(),
      FAKETIME: offset,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_RESET: '1',
    })
    return async () => {
      await seat.end('SIGTERM')
      await seat.start()
    }
  },
})

export const processFaults: readonly FaultKind[] = [
  ...kinds.map(killed),
  ...kinds.map(terminated),
  ...kinds.map(frozen),
  ...kinds.flatMap((kind) => [clockOff(kind, '+2h'), clockOff(kind, '-2h')]),
]
