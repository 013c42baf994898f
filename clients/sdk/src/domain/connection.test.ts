import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Connection,
  type ConnectionEffect,
  type ConnectionInput,
  firstWaitMs,
  longestWaitMs,
  newConnection,
  step,
} from './connection.ts'

const walk = (inputs: readonly ConnectionInput[], fraction = 0.5) => {
  let state: Connection = newConnection
  const effects: ConnectionEffect[] = []
  for (const input of inputs) {
    const [next, more] = step(state, input, fraction)
    state = next
    effects.push(...more)
  }
  return { state, effects, last: effects.at(-1) }
}

const start = { type: 'start' } as const
const retry = { type: 'retry' } as const
const prepared = { type: 'prepared', urls: ['ws://a', 'ws://b'] } as const
const welcomed = { type: 'welcomed' } as const
const closed = (code: number, livedMs = 0) => ({ type: 'closed', code, livedMs }) as const
const connected = [start, prepared, welcomed]

test('dials the least loaded connector, then the next, then waits', () => {
  expect(walk([start, prepared]).last).toEqual({ type: 'dial', url: 'ws://a' })
  expect(walk([start, prepared, closed(1006)]).last).toEqual({ type: 'dial', url: 'ws://b' })
  const nobody = walk([start, prepared, closed(1006), closed(1006)])
  expect(nobody.state).toMatchObject({ status: 'offline', reason: 'unreachable' })
  expect(nobody.last).toEqual({ type: 'wait', ms: 0.5 * firstWaitMs })
})

test('backs off with full jitter, doubled up to half a minute', () => {
  const waits = (times: number, fraction: number) =>
    walk(
      [
        start,
        ...Array.from({ length: times }, () => [{ type: 'unprepared', isSessionOver: false } as const, retry]).flat(),
      ],
      fraction,
    )
      .effects.filter((effect) => effect.type === 'wait')
      .map(({ ms }) => ms)
  expect(waits(4, 0.999)).toEqual([500, 1000, 2000, 4000].map((ms) => ms * 0.999))
  expect(waits(40, 0.999).at(-1)).toBe(longestWaitMs * 0.999)
  expect(waits(4, 0)).toEqual([0, 0, 0, 0])
})

describe('a close', () => {
  test.each([
    [1009, 'protocol'],
    [4400, 'protocol'],
    [4403, 'suspended'],
    [4409, 'replaced'],
    [4477, 'protocol'],
  ] as const)('with %i is the end: %s', (code, reason) => {
    const { state, last } = walk([...connected, closed(code)])
    expect(state).toEqual({ status: 'closed', reason, code })
    expect(last).toEqual({ type: 'dial', url: 'ws://a' })
    expect(walk([start, prepared, closed(code)]).state).toEqual({ status: 'closed', reason, code })
  })

  test.each([
    [1006, 'lost'],
    [1001, 'restarting'],
    [1012, 'restarting'],
    [4500, 'lost'],
    [4503, 'unavailable'],
    [4508, 'lost'],
    [4510, 'lost'],
    [4511, 'lost'],
    [4599, 'lost'],
  ] as const)('with %i is followed by another try: %s', (code, reason) => {
    const { state, last } = walk([...connected, closed(code)])
    expect(state).toMatchObject({ status: 'offline', reason })
    expect(last).toEqual({ type: 'wait', ms: 0.5 * firstWaitMs })
  })

  test('that was announced is followed by a try within the time that the notice named', () => {
    const noticed = { type: 'noticed', reconnectWithinMs: 18_000 } as const
    expect(walk([...connected, noticed, closed(1012)]).last).toEqual({ type: 'wait', ms: 9_000 })
    expect(walk([...connected, noticed, closed(1006)]).last).toEqual({ type: 'wait', ms: 0.5 * firstWaitMs })
  })

  test('of a connection that lasted makes the next failure a first one, of a short one it does not', () => {
    const again = (livedMs: number) =>
      walk([...connected, closed(4500, 0), retry, prepared, welcomed, closed(4500, livedMs)])
    expect(again(60_000).last).toEqual({ type: 'wait', ms: 0.5 * firstWaitMs })
    expect(again(100).last).toEqual({ type: 'wait', ms: firstWaitMs })
  })
})

describe('a refused token', () => {
  test('is renewed once, and the end if the new one is refused as well', () => {
    const once = walk([...connected, closed(4401), retry])
    expect(once.last).toEqual({ type: 'prepare', mustRenew: true })
    const twice = walk([...connected, closed(4401), retry, prepared, closed(4401)])
    expect(twice.state).toEqual({ status: 'closed', reason: 'sessionEnded' })
  })

  test('at hello is the same', () => {
    const refused = { type: 'helloRefused', code: 'unauthorized' } as const
    expect(walk([start, prepared, refused]).state).toMatchObject({ status: 'offline', reason: 'tokenRefused' })
    expect(walk([start, prepared, refused, retry]).last).toEqual({ type: 'prepare', mustRenew: true })
    expect(walk([start, prepared, refused, retry, prepared, refused]).state).toMatchObject({ reason: 'sessionEnded' })
  })

  test('is forgotten once a connection was made with the new one', () => {
    const renewed = [...connected, closed(4401), retry, prepared, welcomed, closed(4401)]
    expect(walk(renewed).state).toMatchObject({ status: 'offline', reason: 'tokenRefused' })
  })

  test('at the refresh is the end of the session', () => {
    const over = { type: 'unprepared', isSessionOver: true } as const
    expect(walk([start, over]).state).toEqual({ status: 'closed', reason: 'sessionEnded' })
  })
})

test('a connector that has no room names the least time; the next one is tried first', () => {
  const refused = { type: 'helloRefused', code: 'unavailable', retryAfterMs: 3_000 } as const
  expect(walk([start, prepared, refused, closed(4503)]).last).toEqual({ type: 'dial', url: 'ws://b' })
  const { state, last } = walk([start, prepared, refused, closed(4503), closed(1006)])
  expect(state).toMatchObject({ status: 'offline', reason: 'unavailable' })
  expect(last).toEqual({ type: 'wait', ms: 3_000 + 0.5 * firstWaitMs })
})

test('stop ends it in every state, and start begins anew', () => {
  for (const before of [[], [start], [start, prepared], connected, [...connected, closed(1006)]]) {
    const { state, last } = walk([...before, { type: 'stop' }])
    expect([state, last]).toEqual([{ status: 'closed', reason: 'stopped' }, { type: 'hangUp' }])
    expect(walk([...before, { type: 'stop' }, start]).state).toMatchObject({ status: 'connecting', attempts: 0 })
  }
})

const anyInput: fc.Arbitrary<ConnectionInput> = fc.oneof(
  fc.constantFrom<ConnectionInput>(start, retry, prepared, welcomed, { type: 'stop' }),
  fc.constant({ type: 'prepared', urls: [] } as const),
  fc.record({ type: fc.constant('unprepared' as const), isSessionOver: fc.boolean() }),
  fc.record({
    type: fc.constant('closed' as const),
    code: fc.constantFrom(1000, 1001, 1006, 1009, 1012, 4400, 4401, 4403, 4409, 4500, 4503),
    livedMs: fc.nat(60_000),
  }),
  fc.record({ type: fc.constant('noticed' as const), reconnectWithinMs: fc.nat(20_000) }),
  fc.record({ type: fc.constant('helloRefused' as const), code: fc.constantFrom('unauthorized', 'unavailable') }),
)

test('it never hangs: offline has a wait behind it, connecting something to do, and only a start leaves closed', () => {
  fc.assert(
    fc.property(fc.array(anyInput), fc.double({ min: 0, max: 0.999, noNaN: true }), (inputs, fraction) => {
      let state: Connection = newConnection
      for (const input of inputs) {
        const [next, effects] = step(state, input, fraction)
        if (next.status === 'offline' && state.status !== 'offline') expect(effects.at(-1)?.type).toBe('wait')
        if (next.status === 'connecting' && state.status !== 'connecting') expect(effects[0]?.type).toBe('prepare')
        if (state.status === 'closed' && input.type !== 'start') expect(next.status).toBe('closed')
        for (const effect of effects) if (effect.type === 'wait') expect(effect.ms).toBeLessThanOrEqual(60_000)
        state = next
      }
    }),
  )
})
