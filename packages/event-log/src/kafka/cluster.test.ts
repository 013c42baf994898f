import { Fault } from '@chat/runtime'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createCluster } from './cluster.ts'
import type { Link, openLink } from './link.ts'
import type { Metadata } from './metadata.ts'

const nodes = new Map([1, 2, 3].map((id) => [id, { host: `node-${id}`, port: 9092 }]))

/** Three brokers, each of which believes in a leader of its own. */
const clusterOf = (brokers: readonly string[] = ['node-1:9092']) => {
  const believed = new Map([...nodes.values()].map(({ host }) => [host, { leader: 1, epoch: 1 }]))
  const away = new Set<string>()
  const asked: string[] = []
  const open = new Set<Link>()
  const connect: typeof openLink = async ({ nodeId, address }) => {
    if (away.has(address.host)) throw new Fault('log_unavailable', 'refused')
    const link: Link = {
      nodeId,
      address,
      isOpen: () => open.has(link),
      send: async () => {
        if (!open.has(link)) throw new Fault('log_unavailable', 'closed')
        asked.push(address.host)
        const partitions = [{ partition: 0, ...(believed.get(address.host) ?? { leader: -1, epoch: -1 }) }]
        const told: Metadata = { nodes, topics: new Map([['t', partitions]]) }
        return told as never
      },
      run: () => Promise.reject(new Error('not used')),
      destroy: () => open.delete(link),
    }
    open.add(link)
    return { link, versions: {} }
  }
  const clock = createFakeClock(0)
  const cluster = createCluster({ brokers, clientId: 'test', clock, random: createSeededRandom(1) }, connect)
  return { cluster, believed, away, asked, open }
}

test('a broker that tells news is asked again; one that tells none gives way to another, that may know more', async () => {
  const { cluster, believed, asked, open } = clusterOf()
  await cluster.refresh(['t'])
  believed.set('node-2', { leader: 2, epoch: 2 }).set('node-3', { leader: 2, epoch: 2 })
  await cluster.refresh(['t'])
  expect([asked, cluster.leaderOf('t', 0)]).toEqual([['node-1', 'node-1'], 1])
  await cluster.refresh(['t'])
  expect(asked[2]).toMatch(/node-[23]/)
  expect(cluster.leaderOf('t', 0)).toBe(2)
  await cluster.refresh(['t'])
  expect(asked[3]).toBe(asked[2])
  expect(open.size).toBe(1)
})

test('a broker that tells no news is asked again when it is the only one', async () => {
  const { cluster, away, asked } = clusterOf()
  await cluster.refresh(['t'])
  away.add('node-2').add('node-3')
  for (let count = 0; count < 3; count++) await cluster.refresh(['t'])
  expect(asked).toEqual(Array(4).fill('node-1'))
})

test('a connection that comes when all is closed is closed', async () => {
  const { cluster, open } = clusterOf()
  const refreshing = cluster.refresh(['t'])
  cluster.close()
  await expect(refreshing).rejects.toMatchObject({ code: 'log_unavailable' })
  expect(open.size).toBe(0)
})
