import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
import { expect, test } from 'vitest'
import { createEncoder } from './codec.ts'
import { createRegistry } from './registry.ts'

const url = process.env.CHAT_REGISTRY_URL
if (url === undefined) throw new Error('CHAT_REGISTRY_URL is not set: this test needs a schema registry')

const world = () => `test-${randomUUID()}.`
const thing = (name: string, fields: readonly unknown[]) => ({ type: 'record', name, namespace: 'chat.events', fields })
const a = { name: 'a', type: 'int' }

test('registering again gives the same ids, and readers of ids see them', async () => {
  const registry = createRegistry({ url, subjectPrefix: world() })
  const ids = await registry.register()
  expect(await registry.register()).toEqual(ids)
  expect(await registry.readIds()).toEqual(ids)
  expect(new Set(Object.values(ids)).size).toBe(Object.keys(ids).length)
})

test('every subject is under FULL_TRANSITIVE', async () => {
  const subjectPrefix = world()
  await createRegistry({ url, subjectPrefix }).register()
  const response = await fetch(`${url}/config/${subjectPrefix}chat.events.MessagePosted`)
  expect(await response.json()).toEqual({ compatibilityLevel: 'FULL_TRANSITIVE' })
})

test('ids of what was never registered are not there', async () => {
  await expect(createRegistry({ url, subjectPrefix: world() }).readIds()).rejects.toMatchObject({
    code: 'not_registered',
    isRetryable: true,
  })
})

test('ids of a schema whose subject knows only others are not there', async () => {
  const subjectPrefix = world()
  await createRegistry({ url, subjectPrefix, definitions: { 'thing.v1': thing('Thing', [a]) } }).register()
  const definitions = { 'thing.v2': thing('Thing', [a, { name: 'b', type: ['null', 'int'], default: null }]) }
  await expect(createRegistry({ url, subjectPrefix, definitions }).readIds()).rejects.toMatchObject({
    code: 'not_registered',
  })
})

test('a compatible version is taken and an incompatible one refused', async () => {
  const subjectPrefix = world()
  const v1 = { 'thing.v1': thing('Thing', [a]) }
  const v2 = { ...v1, 'thing.v2': thing('Thing', [a, { name: 'b', type: ['null', 'int'], default: null }]) }
  const bad = { ...v2, 'thing.v3': thing('Thing', [a, { name: 'c', type: 'int' }]) }
  const first = await createRegistry({ url, subjectPrefix, definitions: v1 }).register()
  expect(await createRegistry({ url, subjectPrefix, definitions: v2 }).register()).toMatchObject(first)
  await expect(createRegistry({ url, subjectPrefix, definitions: bad }).register()).rejects.toMatchObject({
    code: 'incompatible',
    isRetryable: false,
  })
})

test('other people read our bytes with the registry alone', async () => {
  const ids = await createRegistry({ url, subjectPrefix: world() }).register()
  const record = {
    type: 'MessagePosted',
    conversation: 'd1.2',
    seq: 1,
    actor: 1,
    device: 'phone',
    at: 1_700_000_000_000,
    clientMsgId: '0190a5c1-7d3e-7abc-8def-0123456789ab',
    body: Buffer.from('{"kind":"text","text":"hi"}'),
    keyId: null,
    replyTo: 4,
    mentions: [],
  } as const
  const { value } = createEncoder(ids).encode(record)
  const decoded = await new SchemaRegistry({ host: url }).decode(value)
  const { type: _type, ...fields } = record
  expect(decoded).toMatchObject(fields)
})

test('a registry that is away or does not answer is unavailable', async () => {
  await expect(createRegistry({ url: 'http://127.0.0.1:1' }).readIds()).rejects.toMatchObject({
    code: 'registry_unavailable',
    isRetryable: true,
  })
  const mute = createServer()
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = mute.address() as { port: number }
    const registry = createRegistry({ url: `http://127.0.0.1:${port}`, requestTimeoutMs: 100 })
    await expect(registry.register()).rejects.toMatchObject({ code: 'registry_unavailable' })
    await expect(registry.readIds()).rejects.toMatchObject({ code: 'registry_unavailable' })
  } finally {
    mute.closeAllConnections()
    mute.close()
  }
})
