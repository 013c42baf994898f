import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { type ServiceProcess, spawnService } from '@chat/stack'
import { waitUntil } from '@chat/testkit'
import { afterAll, expect, test } from 'vitest'

/** An address of this machine on which nothing else listens: the documented ports are free there. */
const host = ['127', ...Array.from({ length: 3 }, () => 1 + Math.floor(Math.random() * 250))].join('.')
const folders: string[] = []
const runs: ServiceProcess[] = []

afterAll(async () => {
  for (const run of runs) run.kill('SIGTERM')
  await Promise.all(runs.map((run) => run.exited))
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const start = async (args: readonly string[], settings: Readonly<Record<string, string>> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-embedded-'))
  folders.push(folder)
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, CHAT_HOST: host, CHAT_DATA_DIR: folder, CHAT_PARTITIONS: '4', ...settings }
  const run = await spawnService('standalone', env, systemClock, args)
  runs.push(run)
  return run
}

const untilReady = async (run: ServiceProcess) => {
  await waitUntil(() => /^ready /m.test(run.logs()), { deadlineMs: 60_000, what: 'it is ready' })
}

const portOf = (run: ServiceProcess) => new URL(run.url).port

test('--dialects: all are spoken at their documented ports but one that is switched off, and it says which are where', async () => {
  const run = await start(['--dialects'], { CHAT_DIALECT_UNIT_PORT: '0' })
  await untilReady(run)
  expect(run.logs().trim().split('\n').slice(-6)).toEqual([
    `json-toid on ${host}:8001`,
    `json-to on ${host}:8002`,
    `envelope on ${host}:8003`,
    `action on ws://${host}:8005`,
    `action gateway on http://${host}:8888`,
    `ready http://${host}:${portOf(run)}`,
  ])
  const client = connect(8002, host)
  client.write('{"msgid":3,"name":"li","password":"x"}\0')
  expect(String((await once(client, 'data'))[0])).toMatch(/^\{"msgid":4,"errno":0,"id":\d+\}\0+$/)
  client.destroy()
  const gateway = () => fetch(`http://${host}:8888/server`).then((answer) => answer.json())
  await waitUntil(async () => ((await gateway()) as { port?: number }).port === 8005, {
    deadlineMs: 5_000,
    what: 'it tells others of itself',
  })
  expect(await gateway()).toEqual({ host, port: 8005 })
  expect((await once(connect(8004, host), 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' })

  const second = await start(['--dialects'])
  expect((await second.exited).code).toBe(1)
  expect(second.logs()).toContain(`cannot start: port 8001 of ${host} is in use\n`)
  expect(second.logs()).not.toMatch(/\bat .*:\d+:\d+/)
}, 120_000)

test('without it nothing is loaded for them, and one port is open', async () => {
  const run = await start([], { NODE_OPTIONS: `--import ${join(import.meta.dirname, 'loaded-modules.ts')}` })
  await untilReady(run)
  const loaded = [...run.logs().matchAll(/^loaded file:.*\/dialects\/(.*)$/gm)].map(([, name]) => name)
  // What reads the settings, and what every connector tells others of itself and looks up for them: none of the protocols.
  const few = ['dialect-api.ts', 'dialect-settings.ts', 'index.ts', 'nodes.ts', 'old-numbers.ts']
  expect(loaded.toSorted()).toEqual(few)
  expect(run.logs()).not.toContain('/protobufjs/')
  const metrics = await (await fetch(`http://${host}:${portOf(run)}/metrics`)).text()
  expect(metrics).toContain('nodejs_active_resources{type="TCPServerWrap"} 1\n')
  expect(run.logs()).not.toMatch(/^(json-to|action).* on /m)
}, 120_000)

test('--help says how it is called and starts nothing; anything else is told the same, with exit code 2', async () => {
  const help = await start(['--help'])
  expect((await help.exited).code).toBe(0)
  expect(help.logs()).toMatch(/^usage: npm start/)
  const wrong = await start(['--dialect'])
  expect((await wrong.exited).code).toBe(2)
  expect(wrong.logs()).toMatch(/^Unknown option '--dialect'.*\nusage: npm start/)
  expect(wrong.logs()).not.toContain('ready')
}, 60_000)
