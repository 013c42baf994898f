import { expect, test } from 'vitest'
import { type EmbeddedSystem, startEmbedded } from './embedded-system.ts'
import { runOperator } from './operator-command.ts'
import { testOperators } from './operator-scenarios.ts'
import { expectStoredReadModelsEqualFold } from './read-models.ts'

let system: EmbeddedSystem | undefined

testOperators(async () => {
  const started = await startEmbedded()
  system = started
  return { urls: [started.url], operator: (...args) => runOperator(started.env, args), close: started.close }
})

test('while it does not run the command does it alone', { timeout: 180_000 }, async () => {
  if (system === undefined) return expect.fail('there is no system')
  expect(await system.end('SIGTERM')).toEqual({ code: 0, signal: null })
  expect(await runOperator(system.env, ['grant', 'bob'])).toMatchObject({ code: 0 })
  expect((await runOperator(system.env, ['list'])).out).toMatch(/^bob /)
  await expectStoredReadModelsEqualFold(system)
  await system.start()
  expect((await runOperator(system.env, ['list'])).out).toMatch(/^bob /)
})
