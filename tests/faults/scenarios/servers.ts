import { faultKind } from '../kinds/index.ts'
import { oneFault, type Scenario } from './scenario.ts'

const short = { isShort: true }
const long = { isShort: false }

export const serverScenarios: readonly Scenario[] = [
  oneFault(faultKind('redis wiped'), { ...short, what: 'killed with all leases and all presence', forMs: 500 }),
  oneFault(faultKind('redis frozen'), { ...short, what: 'longer than a lease', forMs: 7_000 }),
  oneFault(faultKind('redis restored from an old dump'), {
    ...long,
    what: 'leases and presence of a while ago come back',
    forMs: 5_000,
  }),
  oneFault(faultKind('postgres killed'), { ...short, what: 'messages go on without it', forMs: 1_000 }),
  oneFault(faultKind('broker frozen'), { ...short, what: 'silent, but connected', forMs: 6_000 }),
  oneFault(faultKind('broker killed'), { ...long, what: 'started again at once', forMs: 0 }),
  oneFault(faultKind('registry killed'), { ...long, what: 'nobody who runs notices', forMs: 2_000 }),
]

const links: readonly (readonly [string, string])[] = [
  ['cut', 'connections are reset and refused'],
  ['half open', 'what is sent goes nowhere, and nothing is closed'],
  ['silent', 'nothing moves for a while, then everything comes at once'],
  ['slow', '150 ms late and 500 kB/s thin'],
  ['without answers', 'requests take effect, and nobody hears of it'],
]

export const linkScenarios: readonly Scenario[] = (['redis', 'postgres', 'kafka', 'clients'] as const).flatMap((link) =>
  links.map(([fault, what]) =>
    oneFault(faultKind(`${link} link ${fault}`), {
      what,
      forMs: 6_000,
      isShort: fault === 'cut' && (link === 'postgres' || link === 'clients'),
    }),
  ),
)
