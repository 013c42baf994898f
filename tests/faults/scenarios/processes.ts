import { faultKind } from '../kinds/index.ts'
import { oneFault, type Scenario } from './scenario.ts'

const short = { isShort: true }
const long = { isShort: false }

export const processScenarios: readonly Scenario[] = [
  oneFault(faultKind('connector killed'), {
    ...short,
    what: 'its devices reconnect to the other one, resend and sync',
    forMs: 1_000,
  }),
  oneFault(faultKind('router killed'), { ...short, what: 'the other one takes over its partitions', forMs: 1_000 }),
  oneFault(faultKind('projector killed'), { ...short, what: 'the other one takes over its partitions', forMs: 1_000 }),
  oneFault(faultKind('router frozen'), {
    ...short,
    what: 'the other one takes over; what it does on waking has no effect',
    forMs: 8_000,
  }),
  oneFault(faultKind('connector frozen'), {
    ...short,
    what: 'it wakes with its lease lost, and closes everybody',
    forMs: 7_000,
  }),
  oneFault(faultKind('projector frozen'), {
    ...long,
    what: 'on waking its compare-and-set is refused',
    forMs: 8_000,
  }),
  oneFault(faultKind('connector terminated'), { ...long, what: 'a notice, spread closes, nothing lost', forMs: 0 }),
  oneFault(faultKind('router terminated'), { ...short, what: 'its partitions go over at once', forMs: 0 }),
  oneFault(faultKind('projector terminated'), { ...long, what: 'its partitions go over at once', forMs: 0 }),
  ...(['connector', 'router', 'projector'] as const).flatMap((kind) => [
    // So long that others must have taken over before its end.
    oneFault(
      { ...faultKind(`${kind} frozen`), countsFrom: 'begin' },
      {
        ...long,
        name: `${kind}-frozen-60s`,
        what: 'a minute without a sign: others take over meanwhile, then it goes on as if nothing had been',
        forMs: 60_000,
      },
    ),
    oneFault(faultKind(`${kind} frozen`), {
      ...long,
      name: `${kind}-blocked-5s`,
      what: 'its event loop does nothing for 5 s: shorter than any lease',
      forMs: 5_000,
    }),
    ...(['+2h', '-2h'] as const).map((offset) =>
      oneFault(faultKind(`${kind} clock ${offset}`), {
        ...long,
        name: `${kind}-clock${offset}`,
        what: 'its wall clock is wrong: nothing depends on it',
        forMs: 6_000,
        needs: { faketime: true },
      }),
    ),
  ]),
]
