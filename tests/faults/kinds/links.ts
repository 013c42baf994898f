import type { FaultProxy } from '@chat/testkit'
import type { Site } from '../site/site.ts'
import type { FaultKind } from './fault-kind.ts'

type Link = 'redis' | 'postgres' | 'kafka' | 'clients'

const budgets = {
  redis: 'redis wiped',
  postgres: 'postgres away',
  kafka: 'broker killed',
  clients: 'devices cut',
} as const

/** A half-open link of devices is theirs to notice: 25 s of silence and 10 s for `ping`. The nemesis has no time for that. */
const linkFault = (
  link: Link,
  what: string,
  apply: (proxy: FaultProxy) => void | Promise<void>,
  lastsMs: FaultKind['lastsMs'] = [1_000, 8_000],
): FaultKind => ({
  name: `${link} link ${what}`,
  part: link,
  budget: budgets[link],
  countsFrom: 'end',
  lastsMs,
  weight: 2,
  targets: (site) => {
    if (link === 'clients') return site.seatsOf('connector').map((seat) => seat.name)
    return link === 'kafka' ? site.brokers : [link]
  },
  inject: async (site, target) => {
    const proxy = proxyOf(site, link, target)
    await apply(proxy)
    return () => proxy.heal()
  },
})

const proxyOf = ({ links, seatsOf, brokers }: Site, link: Link, target: string): FaultProxy => {
  if (link === 'redis' || link === 'postgres') return links[link]
  const names = link === 'kafka' ? brokers : seatsOf('connector').map((seat) => seat.name)
  const proxy = links[link][names.indexOf(target)]
  if (proxy === undefined) throw new Error(`nobody reaches ${target}`)
  return proxy
}

const links: readonly Link[] = ['redis', 'postgres', 'kafka', 'clients']

export const linkFaults: readonly FaultKind[] = links.flatMap((link) => [
  linkFault(link, 'cut', (proxy) => proxy.cut()),
  linkFault(link, 'half open', (proxy) => proxy.swallow(['requests', 'answers'])),
  linkFault(link, 'silent', (proxy) => proxy.hold(['requests', 'answers'])),
  linkFault(link, 'slow', (proxy) => proxy.slow({ delayMs: 150, bytesPerS: 500_000 })),
  // The requests take effect, and nobody hears of it.
  linkFault(link, 'without answers', (proxy) => proxy.swallow(['answers'])),
])
