import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Fault } from './fault.ts'
import { createFatal, exitCodeOf, runUntilSignal, type Service } from './lifecycle.ts'
import { silentLogger } from './logger.ts'

const never = () => new Promise<never>(() => {})

const run = (service: Partial<Service>, stopTimeoutMs = 60_000) => {
  const calls: string[] = []
  const { promise: fatal, raise } = createFatal()
  const code = runUntilSignal(
    {
      start: async () => {
        calls.push('start')
        await service.start?.()
      },
      stop: async () => {
        calls.push('stop')
        await service.stop?.()
      },
    },
    { stopTimeoutMs, logger: silentLogger, fatal },
  )
  return { calls, code, raise }
}
/** As the operating system would; the process of the tests takes no other notice. */
const signal = (name: 'SIGTERM' | 'SIGINT') => process.emit(name, name)

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops the service, once, and the code is 0', async (name) => {
  const listeners = process.listenerCount(name)
  const { calls, code } = run({})
  await setImmediate()
  expect(calls).toEqual(['start'])
  signal(name)
  expect([await code, calls]).toEqual([0, ['start', 'stop']])
  expect(process.listenerCount(name)).toBe(listeners)
})

test('a second signal during the stop changes nothing: what was accepted is finished', async () => {
  const finished = Promise.withResolvers<void>()
  const { calls, code } = run({ stop: () => finished.promise })
  await setImmediate()
  signal('SIGTERM')
  await setImmediate()
  signal('SIGTERM')
  signal('SIGINT')
  await setImmediate()
  finished.resolve()
  expect([await code, calls]).toEqual([0, ['start', 'stop']])
})

test('a signal during the start stops the service too', async () => {
  const { calls, code } = run({ start: never })
  await setImmediate()
  signal('SIGTERM')
  expect([await code, calls]).toEqual([0, ['start', 'stop']])
})

test('a stop beyond its deadline ends with 1', async () => {
  const { code } = run({ stop: never }, 1)
  await setImmediate()
  signal('SIGTERM')
  expect(await code).toBe(1)
})

test('a fatal error, a start that fails and a stop that fails end with 1, stopped all the same', async () => {
  const fatal = run({})
  fatal.raise(new Error('no way on'))
  expect([await fatal.code, fatal.calls]).toEqual([1, ['start', 'stop']])
  const refused = run({ start: () => Promise.reject(new Error('cannot start')) })
  expect([await refused.code, refused.calls]).toEqual([1, ['start', 'stop']])
  const stuck = run({ stop: () => Promise.reject(new Error('cannot stop')) })
  await setImmediate()
  signal('SIGTERM')
  expect(await stuck.code).toBe(1)
})

test('a fatal error that was raised before anybody waits is not lost', async () => {
  const { promise, raise } = createFatal()
  raise(new Error('early'))
  await setImmediate()
  const service = { start: never, stop: async () => {} }
  expect(await runUntilSignal(service, { stopTimeoutMs: 1000, logger: silentLogger, fatal: promise })).toBe(1)
})

test('why a start failed is logged as a sentence when a person has to do something, else with the place in the code', async () => {
  const logged: object[] = []
  const logger = { ...silentLogger, error: (fields: object) => void logged.push(fields) }
  const inUse = new Fault('port_in_use', 'port 1 is in use', { isRetryable: false, cause: new Error('EADDRINUSE') })
  const errors = [inUse, new Fault('away', 'a broker is away'), new Error('a bug')]
  for (const error of errors) {
    const service = { start: () => Promise.reject(error), stop: async () => {} }
    await runUntilSignal(service, { stopTimeoutMs: 1000, logger, fatal: createFatal().promise })
  }
  expect(logged).toEqual([{ code: 'port_in_use', why: 'port 1 is in use' }, { err: errors[1] }, { err: errors[2] }])
})

test('the exit code of a run that throws is 1 or what it says, of one that was called wrongly 2, of one that tells how it is called 0', async () => {
  const codeOf = (error: unknown) => exitCodeOf(Promise.reject(error))
  expect(await exitCodeOf(Promise.resolve(7))).toBe(7)
  expect(await codeOf(new Error('told on stderr'))).toBe(1)
  expect(await codeOf(new Fault('other', 'told on stderr', { isRetryable: false }))).toBe(1)
  expect(await codeOf(new Fault('usage', 'told on stderr', { isRetryable: false }))).toBe(2)
  expect(await codeOf(new Fault('help', 'told on stdout', { isRetryable: false }))).toBe(0)
  expect(await exitCodeOf(Promise.reject(new Error('told on stderr')), 3)).toBe(3)
})
