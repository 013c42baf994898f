import { createHealth, Fault, type Service } from '@chat/runtime'
import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { createStandalone, type Opened } from './standalone.ts'

/** Services that write down what happens to them; what is in `on` happens instead. */
const scene = (on: Readonly<Record<string, () => Promise<void>>> = {}) => {
  const happened: string[] = []
  const step = async (name: string) => {
    happened.push(name)
    await on[name]?.()
  }
  const service = (name: string): Service => ({
    start: () => step(`${name} starts`),
    stop: () => step(`${name} stops`),
  })
  const clock = createFakeClock(0)
  const health = createHealth()
  const open = async (signal: AbortSignal): Promise<Opened> => {
    happened.push('opens')
    await on.opens?.()
    signal.throwIfAborted()
    const [router, projector, connector] = [service('router'), service('projector'), service('connector')]
    return { router, projector, connector, close: () => step('closes') }
  }
  const standalone = createStandalone(open, { clock, health, drainTimeoutMs: 1_000 })
  return { standalone, happened, clock, health }
}

const stops = ['connector stops', 'router stops', 'projector stops', 'closes']

test('starts whoever others wait for first, and stops in the other direction', async () => {
  const { standalone, happened } = scene()
  await standalone.start()
  expect(happened.splice(0)).toEqual(['opens', 'router starts', 'projector starts', 'connector starts'])
  await Promise.all([standalone.stop(), standalone.stop()])
  expect(happened).toEqual(stops)
})

test('a stop while it opens waits for the opening to end itself, and starts nothing', async () => {
  const opening = Promise.withResolvers<void>()
  const { standalone, happened } = scene({ opens: () => opening.promise })
  const started = standalone.start().catch((error: Error) => error.name)
  let isStopped = false
  const stopped = standalone.stop().then(() => {
    isStopped = true
  })
  await Promise.resolve()
  expect(isStopped).toBe(false)
  opening.resolve()
  await stopped
  expect(await started).toBe('AbortError')
  expect(happened).toEqual(['opens'])
})

test('a stop in the middle of a start stops what was begun, begins nothing more and closes', async () => {
  const starting = Promise.withResolvers<void>()
  const { standalone, happened, clock } = scene({
    'router starts': () => starting.promise,
    'router stops': async () => starting.resolve(),
  })
  const started = standalone.start().catch((error: Error) => error.name)
  await clock.settle()
  await standalone.stop()
  expect(await started).toBe('AbortError')
  expect(happened).toEqual(['opens', 'router starts', ...stops])
})

test('a stop ends the wait for readiness', async () => {
  const { standalone, health, happened, clock } = scene()
  health.set('router', 'restoring')
  const started = standalone.start().catch((error: Error) => error.name)
  await clock.settle()
  await standalone.stop()
  expect(await started).toBe('AbortError')
  expect(happened.slice(-4)).toEqual(stops)
})

test('a service that cannot stop keeps nobody else from stopping, and is told', async () => {
  const failure = new Fault('log_unavailable', 'away')
  const { standalone, happened } = scene({ 'connector stops': () => Promise.reject(failure) })
  await standalone.start()
  happened.splice(0)
  await expect(standalone.stop()).rejects.toBe(failure)
  expect(happened).toEqual(stops)
})

test('a drain that takes too long is told, and what the services stand on is released all the same', async () => {
  const { standalone, happened, clock } = scene({ 'router stops': () => new Promise(() => {}) })
  await standalone.start()
  const stopped = standalone.stop().catch((error: Fault) => error.code)
  await clock.settle()
  await clock.advance(1_000)
  expect(await stopped).toBe('drain_late')
  expect(happened.at(-1)).toBe('closes')
})

test('a start after a stop is refused', async () => {
  const { standalone, happened } = scene()
  await standalone.stop()
  await expect(standalone.start()).rejects.toMatchObject({ name: 'AbortError' })
  expect(happened).toEqual([])
})
