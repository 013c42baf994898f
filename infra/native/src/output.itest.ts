import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '@chat/testkit'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createOutput } from './output.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chat-output-'))
  vi.stubEnv('TMPDIR', folder)
})

afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

test('what a process writes can be read while it runs and after it was killed, and nothing of it stays on the disk', async () => {
  const output = createOutput('node')
  const code = 'console.log("one"); console.error("two"); setInterval(() => {}, 1000)'
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', output.descriptor, output.descriptor] })
  output.handOver()
  await waitUntil(() => output.text() === 'one\ntwo\n', { deadlineMs: 10_000, what: 'both lines are there' })
  expect(readdirSync(folder)).toEqual([])
  child.kill('SIGKILL')
  await once(child, 'exit')
  output.end()
  output.end()
  expect(output.text()).toBe('one\ntwo\n')
})
