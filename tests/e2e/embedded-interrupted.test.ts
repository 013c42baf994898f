import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { freePort, type ServiceProcess, spawnService } from '@chat/stack'
import { waitUntil } from '@chat/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'

let folder: string
let port: string
let run: ServiceProcess | undefined

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chat-interrupted-'))
  port = String(await freePort())
})

afterEach(async () => {
  run?.kill('SIGKILL')
  await run?.exited
  for (const pid of processesOn(folder)) process.kill(pid, 'SIGKILL')
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

const start = async (): Promise<ServiceProcess> => {
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, CHAT_PORT: port, CHAT_DATA_DIR: folder, CHAT_PARTITIONS: '4' }
  run = await spawnService('standalone', env, systemClock)
  return run
}

/** Whoever has the folder in its command line: servers, and the programs that make a cluster. */
const processesOn = (dir: string): readonly number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => commandLineOf(pid).includes(dir))
    .map(Number)

const commandLineOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return '' // It ended meanwhile.
  }
}

/** Interrupts as soon as `line` is there, twice, as an impatient person does. */
const interruptAfter = async (service: ServiceProcess, line: string) => {
  await waitUntil(() => service.logs().includes(line), { deadlineMs: 60_000, everyMs: 1, what: `it says: ${line}` })
  service.kill('SIGINT')
  service.kill('SIGINT')
  return service.exited
}

const expectNothingLeft = () => {
  expect(processesOn(folder)).toEqual([])
  expect(existsSync(join(folder, 'postgres', 'cluster', 'postmaster.pid'))).toBe(false)
  const drafts = readdirSync(join(folder, 'postgres')).filter((name) => /\.\d+$/.test(name))
  expect(drafts).toEqual([])
}

test('Ctrl-C while it starts for the first time, and again, leaves no process and no draft', async () => {
  const service = await start()
  expect(await interruptAfter(service, 'starting the database')).toEqual({ code: 0, signal: null })
  expect(service.logs()).not.toContain('cannot start')
  expectNothingLeft()
})

const when = (condition: () => boolean, what: string) => waitUntil(condition, { deadlineMs: 60_000, everyMs: 1, what })

// One test for one life of a folder: each start costs seconds.
test('a start that is ended at any step leaves no process, and the next one goes on from there', async () => {
  const first = await start()
  await when(() => processesOn(folder).length > 0, 'the cluster is being made')
  first.kill('SIGINT')
  expect(await first.exited).toEqual({ code: 0, signal: null })
  expectNothingLeft()

  const killed = await start()
  await when(() => existsSync(join(folder, 'postgres', `cluster.${killed.pid}`)), 'the cluster is being made again')
  killed.kill('SIGKILL')
  await killed.exited

  const third = await start()
  expect(await interruptAfter(third, 'opening the log')).toEqual({ code: 0, signal: null })
  expectNothingLeft() // Of the killed one neither.

  const fourth = await start()
  await when(() => existsSync(join(folder, 'postgres', 'cluster', 'postmaster.pid')), 'the server starts')
  fourth.kill('SIGINT')
  expect(await fourth.exited).toEqual({ code: 0, signal: null })
  expectNothingLeft()

  const last = await start()
  expect(await interruptAfter(last, `ready http://127.0.0.1:${port}`)).toEqual({ code: 0, signal: null })
  expectNothingLeft()
}, 180_000)
