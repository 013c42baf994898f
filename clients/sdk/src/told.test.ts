import { expect, test } from 'vitest'
import { setUpClient } from './test-client.ts'

test('what has no place is told apart, and no conversation has it', async () => {
  const { client, clock, server, connect } = setUpClient()
  await connect()
  const [told, events]: [unknown[], unknown[]] = [[], []]
  client.on('told', (event) => told.push(event))
  client.on('event', (event) => events.push(event))
  const frame = { op: 'event', conversation: 'd3.7', type: 'userBlocked', actor: 3, at: 't', data: { user: 7 } }
  server.last().push(frame)
  await clock.settle()
  expect(told).toMatchObject([{ type: 'userBlocked', data: { user: 7 } }])
  expect(events).toEqual([])
  expect(client.conversations()).toEqual([])
})
