import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault, silentLogger } from '@chat/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askAtDoor, type Caller, type Desks, openDoor, type Said } from './local-door.ts'

let dataDir = ''
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'chat-door-'))
})
afterEach(() => rm(dataDir, { recursive: true }))

const caller: Caller = { args: ['grant', 'ann'], by: 'root@here', folder: '/home/root' }
const done: Said = { isDone: true, lines: ['done'] }
const never = async (): Promise<Said> => expect.unreachable('nobody asked for it')
const open = (desks: Partial<Desks>) => openDoor(dataDir, { operator: never, import: never, ...desks }, silentLogger)

test('the running system is asked through a door that only its owner can reach', async () => {
  expect(await askAtDoor(dataDir, 'operator', caller)).toBeUndefined()
  const asked: Caller[] = []
  const door = await open({
    operator: async (who) => {
      asked.push(who)
      return done
    },
  })
  expect((await stat(join(dataDir, 'operator'))).mode & 0o777).toBe(0o700)
  expect(await askAtDoor(dataDir, 'operator', caller)).toEqual(done)
  expect(asked).toEqual([caller])
  await door?.close()
  expect(await askAtDoor(dataDir, 'operator', caller)).toBeUndefined()
})

test('a Fault is what is said', async () => {
  const refuse = async () => {
    throw new Fault('usage', 'it is called otherwise', { isRetryable: false })
  }
  const door = await open({ import: refuse })
  const said = { isDone: false, isBroken: true, lines: ['it is called otherwise'] }
  expect(await askAtDoor(dataDir, 'import', caller)).toEqual(said)
  await door?.close()
})

test('whoever waits hears what is said meanwhile, in order', async () => {
  const door = await open({
    import: async (_who, { tell }) => {
      for (const line of ['1 row', '2 rows', 'two\nlines']) tell(line)
      return done
    },
  })
  const heard: string[] = []
  expect(await askAtDoor(dataDir, 'import', caller, { tell: (line) => void heard.push(line) })).toEqual(done)
  expect(heard).toEqual(['1 row', '2 rows', 'two\nlines'])
  await door?.close()
})

/** A desk that does nothing until it is told to give up. */
const createIdleDesk = () => {
  const begun = Promise.withResolvers<void>()
  const givenUp = Promise.withResolvers<string>()
  const desk: Desks['import'] = async (_who, { signal }) => {
    signal.addEventListener('abort', () => givenUp.resolve(signal.reason.code))
    begun.resolve()
    await givenUp.promise
    throw signal.reason
  }
  return { desk, begun: begun.promise, givenUp: givenUp.promise }
}

test('what is asked for by somebody who goes away is given up', async () => {
  const { desk, begun, givenUp } = createIdleDesk()
  const door = await open({ import: desk })
  const leaving = new AbortController()
  const asked = askAtDoor(dataDir, 'import', caller, { signal: leaving.signal }).catch((error) => error.code)
  await begun
  leaving.abort()
  expect([await asked, await givenUp]).toEqual(['operator_door', 'gone'])
  await door?.close()
})

test('a door that closes gives up what is being done, and says so', async () => {
  const { desk, begun, givenUp } = createIdleDesk()
  const door = await open({ import: desk })
  const asked = askAtDoor(dataDir, 'import', caller)
  await begun
  await door?.close()
  expect(await givenUp).toBe('stopping')
  expect(await asked).toEqual({ isDone: false, isBroken: true, lines: ['the system stops'] })
})
