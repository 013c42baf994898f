import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock as clock } from '@chat/runtime/system'
import { waitUntil } from '@chat/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { definedOf } from './environment.ts'
import { identify, isAlive } from './identity.ts'
import { withLock } from './lock.ts'
import { createProcesses, type Launch } from './processes.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'chat-processes-'))
})
afterEach(async () => {
  const processes = createProcesses(dir, clock)
  for (const name of processes.names()) await processes.stop(name, 0)
  rmSync(dir, { recursive: true })
})

const shell = (script: string): Launch => ({
  command: 'sh',
  args: ['-c', script],
  cwd: dir,
  env: definedOf(process.env),
})
const sleeping = 'echo started; exec sleep 60'
const stubborn = "trap '' TERM; echo started; while :; do sleep 1; done"

const started = (name: string) => {
  const path = createProcesses(dir, clock).logPath(name)
  return waitUntil(() => readFileSync(path, 'utf8').includes('started'), { deadlineMs: 5_000, what: `${name} started` })
}

test('a process is found and stopped by a later command', async () => {
  const identity = createProcesses(dir, clock).start('one', shell(sleeping))
  await started('one')
  const later = createProcesses(dir, clock)
  expect(later.running('one')).toEqual(identity)
  await later.stop('one', 5_000)
  expect(isAlive(identity)).toBe(false)
  expect(later.names()).toEqual([])
})

test('a process that ignores SIGTERM is killed with its children after the deadline', async () => {
  const processes = createProcesses(dir, clock)
  const identity = processes.start('one', shell(stubborn))
  await started('one')
  await processes.stop('one', 100)
  expect(isAlive(identity)).toBe(false)
})

test('an adopted process that leads no group is killed too', async () => {
  const child = spawn('sh', ['-c', stubborn])
  await once(child.stdout, 'data')
  const processes = createProcesses(dir, clock)
  const identity = identify(child.pid ?? 0)
  if (identity === undefined) throw new Error('it did not start')
  processes.adopt('one', identity)
  await processes.stop('one', 100)
  expect(isAlive(identity)).toBe(false)
})

test('a name runs once', () => {
  const processes = createProcesses(dir, clock)
  processes.start('one', shell(sleeping))
  expect(() => processes.start('one', shell(sleeping))).toThrow('one runs already')
})

test('a program that got the pid of an earlier process is neither found nor signalled', async () => {
  const stranger = spawn('sleep', ['60'])
  const processes = createProcesses(dir, clock)
  processes.adopt('one', { pid: stranger.pid ?? 0, startedAt: 'at another time' })
  expect(processes.running('one')).toBeUndefined()
  expect(processes.signal('one', 'SIGKILL')).toBe(false)
  await processes.stop('one', 0)
  expect(identify(stranger.pid ?? 0)).toBeDefined()
  stranger.kill()
  await once(stranger, 'exit')
})

test('a killed process does not count as running, even before it is reaped', async () => {
  const processes = createProcesses(dir, clock)
  processes.start('one', shell(sleeping))
  processes.signal('one', 'SIGKILL')
  spawnSync('sleep', ['0.3']) // Meanwhile this process, its parent, cannot reap it.
  expect(processes.running('one')).toBeUndefined()
  processes.start('one', shell(sleeping))
})

test('a command that cannot be run is told at once', () => {
  const launch = { ...shell(''), command: 'no-such-program' }
  expect(() => createProcesses(dir, clock).start('one', launch)).toThrow('cannot run no-such-program')
})

test('a lock admits one holder, and one that died does not hold it', async () => {
  const path = join(dir, 'lock')
  const busy = (pid: number) => `held by ${pid}`
  await withLock(path, busy, async () => {
    await expect(withLock(path, busy, async () => {})).rejects.toThrow(`held by ${process.pid}`)
  })
  const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const identity = identify(holder.pid ?? 0)
  writeFileSync(path, JSON.stringify(identity))
  await expect(withLock(path, busy, async () => {})).rejects.toThrow(`held by ${holder.pid}`)
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  expect(await withLock(path, busy, async () => 'done')).toBe('done')
})
