import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { createHealth } from './health.ts'
import { createHealthServer } from './health-server.ts'
import { createMetrics } from './metrics.ts'

const host = '127.0.0.1'

/** A port that was free a moment ago. */
const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const serve = async () => {
  const port = await freePort()
  const health = createHealth()
  const metrics = createMetrics({ withProcess: 'bare' })
  const server = createHealthServer({ host, port, health, metrics })
  await server.start()
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://${host}:${port}${path}`, { method })
    return { status: response.status, body: await response.text() }
  }
  return { port, health, metrics, server, get }
}

test('says that it lives, whether it is ready and why not, and what it counted', async () => {
  const { health, metrics, server, get } = await serve()
  metrics.counter('chat_test_things_total', 'Things').inc(3)
  health.set('log', 'no broker answers')
  expect((await get('/healthz')).status).toBe(200)
  expect(await get('/readyz')).toMatchObject({ status: 503, body: expect.stringContaining('no broker answers') })
  health.clear('log')
  expect(await get('/readyz?x=1')).toMatchObject({ status: 200 })
  expect((await get('/metrics')).body).toContain('chat_test_things_total 3')
  expect([(await get('/other')).status, (await get('/healthz', 'POST')).status]).toEqual([404, 404])
  await server.stop()
  await server.stop()
})

test('a port in use is told in a sentence', async () => {
  const { port, health, metrics, server } = await serve()
  const second = createHealthServer({ host, port, health, metrics })
  await expect(second.start()).rejects.toMatchObject({
    code: 'port_in_use',
    message: expect.stringContaining(`${port}`),
  })
  await server.stop()
})
