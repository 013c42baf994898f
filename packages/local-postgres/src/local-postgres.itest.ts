import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@chat/runtime'
import { systemClock, systemRandom } from '@chat/runtime/system'
import { waitUntil } from '@chat/testkit'
import pg from 'pg'
import { afterEach, expect, test } from 'vitest'
import { findBinaries } from './binaries.ts'
import { type LocalPostgres, type LocalPostgresOptions, startLocalPostgres } from './index.ts'
import { chooseServerUser } from './server-user.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** mkdtemp makes it 0700: as root, no other user can enter. */
const privateFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'local-postgres-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const start = async (dataDir: string, more: Partial<LocalPostgresOptions> = {}): Promise<LocalPostgres> => {
  const postgres = await startLocalPostgres({
    dataDir,
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
    ...more,
  })
  cleanups.push(() => postgres.stop())
  return postgres
}

const query = async (url: string, text: string): Promise<readonly Record<string, unknown>[]> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

const startScript = `
  import { silentLogger } from '@chat/runtime'
  import { systemClock, systemRandom } from '@chat/runtime/system'
  import { startLocalPostgres } from '@chat/local-postgres'
  const postgres = await startLocalPostgres({
    dataDir: process.argv[1], logger: silentLogger, clock: systemClock, random: systemRandom,
  })
`

const holderScript = `
  ${startScript}
  process.on('SIGINT', async () => { await postgres.stop(); console.log('stopped'); process.exit(0) })
  console.log(JSON.stringify({ url: postgres.url, pid: postgres.pid }))
`

/** A server whose pid file goes long before the server does: what an unlucky moment makes of every stop. */
const leaverScript = `
  import { rmSync } from 'node:fs'
  ${startScript}
  rmSync(process.argv[1] + '/cluster/postmaster.pid')
  postgres.stop().then(() => console.log('stopped'))
`

const runScript = (script: string, dataDir: string) =>
  spawn(process.execPath, ['--input-type=module-typescript', '-e', script, dataDir], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })

/** Another process that started a server on the folder and holds it. */
const holder = async (dataDir: string) => {
  const child = runScript(holderScript, dataDir)
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += String(chunk)
  })
  await waitUntil(() => output.includes('\n'), { deadlineMs: 30_000, what: 'the holder runs' })
  const { url, pid }: { url: string; pid: number } = JSON.parse(output)
  return { child, url, pid, output: () => output }
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode)
    else child.once('exit', resolve)
  })

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a second start finds the data of the first, on the same port, below a folder that only we can enter', async () => {
  const dataDir = join(await privateFolder(), 'deep', 'data')
  const first = await start(dataDir)
  expect(first.isFresh).toBe(true)
  await query(first.url, `create table kept as select 'ünïcode' as text`)
  await first.stop()
  await first.stop()
  expect(isAlive(first.pid)).toBe(false)
  const second = await start(dataDir)
  expect([second.isFresh, second.port, second.url]).toEqual([false, first.port, first.url])
  expect(await query(second.url, 'select text from kept')).toEqual([{ text: 'ünïcode' }])
  const [version] = await query(second.url, 'show server_version')
  expect(version?.server_version).toMatch(/^18\./)
})

test('as root, in a folder that every user may enter, cluster and server belong to a user without rights', async () => {
  const folder = await privateFolder()
  await chmod(folder, 0o755)
  const dataDir = join(folder, 'data')
  const choose = (paths: readonly string[]) => chooseServerUser(process.getuid?.(), paths, undefined)
  const chosen = await choose([folder])
  expect(chosen.wrapper).toEqual([])
  expect(chosen.owner?.uid === 0).toBe(false)
  const postgres = await start(dataDir)
  const { uid } = await stat(join(dataDir, 'cluster'))
  // The programs count as well, and this checkout may itself lie in a folder that only we can enter.
  const { initdb, postgres: program } = await findBinaries(process.platform, process.arch)
  expect(uid).toBe((await choose([folder, initdb, program])).owner?.uid ?? process.getuid?.())
  expect((await stat(`/proc/${postgres.pid}`)).uid).toBe(uid)
  await postgres.stop()
  await start(dataDir)
})

test('the password is random, asked for, and kept in a file that only we can read', async () => {
  const dataDir = await privateFolder()
  const postgres = await start(dataDir, { maxConnections: 20, flags: ['work_mem=7MB'] })
  const wrong = new URL(postgres.url)
  wrong.password = 'wrong'
  await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  expect((await stat(join(dataDir, 'postgres.json'))).mode & 0o777).toBe(0o600)
  expect(await readFile(join(dataDir, 'postgres.json'), 'utf8')).toContain(new URL(postgres.url).password)
  expect(await query(postgres.url, 'show work_mem')).toEqual([{ work_mem: '7MB' }])
  expect(await query(postgres.url, 'show max_connections')).toEqual([{ max_connections: '20' }])
})

test('a folder that another run uses is refused with a sentence, and that run goes on', async () => {
  const dataDir = await privateFolder()
  const other = await holder(dataDir)
  cleanups.push(async () => {
    other.child.kill('SIGINT')
    await exitOf(other.child)
  })
  await expect(start(dataDir)).rejects.toMatchObject({
    code: 'data_folder_in_use',
    message: expect.stringContaining(`another run uses the data folder ${dataDir}`),
  })
  expect(await query(other.url, 'select 1 as one')).toEqual([{ one: 1 }])
})

test('after SIGKILL of its process the server lives on; the next start replaces it and loses nothing', async () => {
  const dataDir = await privateFolder()
  const killed = await holder(dataDir)
  await query(killed.url, 'create table kept as select 42 as answer')
  killed.child.kill('SIGKILL')
  await exitOf(killed.child)
  expect(isAlive(killed.pid)).toBe(true)
  const next = await start(dataDir)
  expect(next.pid).not.toBe(killed.pid)
  expect(await query(next.url, 'select answer from kept')).toEqual([{ answer: 42 }])
})

test('Ctrl-C reaches the process, not the server, which the process then stops', async () => {
  const dataDir = await privateFolder()
  const run = await holder(dataDir)
  const group = run.child.pid ?? 0
  process.kill(-group, 'SIGINT')
  expect(await exitOf(run.child)).toBe(0)
  expect(run.output()).toContain('stopped')
  expect(isAlive(run.pid)).toBe(false)
  expect(await readFile(join(dataDir, 'postgres.log'), 'utf8')).toContain('database system is shut down')
})

test('a process that has nothing else to do waits until its server is gone', async () => {
  const dataDir = await privateFolder()
  const leaver = runScript(leaverScript, dataDir)
  let output = ''
  leaver.stdout.on('data', (chunk) => {
    output += String(chunk)
  })
  await new Promise((resolve) => leaver.once('close', resolve))
  expect(output).toBe('stopped\n')
})

test('a pid file left behind by a machine that died does not keep it from starting', async () => {
  const dataDir = await privateFolder()
  const first = await start(dataDir)
  const pidFile = join(dataDir, 'cluster', 'postmaster.pid')
  const content = await readFile(pidFile, 'utf8')
  await first.stop()
  // The pid of somebody else who is alive.
  await writeFile(pidFile, content.replace(/^\d+/, String(process.pid)))
  const second = await start(dataDir)
  expect(second.isFresh).toBe(false)
})

test('a server that dies is told once, and stop still works', async () => {
  const dataDir = await privateFolder()
  const errors: unknown[] = []
  const postgres = await start(dataDir, { onFatal: (error) => errors.push(error) })
  process.kill(postgres.pid, 'SIGQUIT')
  await waitUntil(() => errors.length > 0 && !isAlive(postgres.pid), { deadlineMs: 10_000, what: 'the death is told' })
  await postgres.stop()
  expect(errors).toHaveLength(1)
})

test('a server that cannot start says why', async () => {
  const dataDir = await privateFolder()
  await expect(start(dataDir, { flags: ['no_such_setting=1'] })).rejects.toMatchObject({
    code: 'postgres_failed',
    message: expect.stringContaining('no_such_setting'),
  })
})

test('a port in use is refused with a sentence', async () => {
  const first = await start(await privateFolder())
  await expect(start(await privateFolder(), { port: first.port })).rejects.toMatchObject({
    code: 'port_in_use',
    message: expect.stringContaining(String(first.port)),
  })
})

test('a start that is aborted rejects with the reason and leaves no server', async () => {
  const dataDir = await privateFolder()
  await (await start(dataDir)).stop()
  const aborting = new AbortController()
  const started = startLocalPostgres({
    ...{ dataDir, logger: silentLogger, clock: systemClock, random: systemRandom },
    signal: aborting.signal,
  })
  const pidFile = join(dataDir, 'cluster', 'postmaster.pid')
  const pid = await waitUntil(async () => Number.parseInt(await readFile(pidFile, 'utf8'), 10), {
    deadlineMs: 10_000,
    everyMs: 1,
    what: 'the server runs',
  })
  aborting.abort(new Error('enough'))
  await expect(started).rejects.toThrow('enough')
  expect(isAlive(pid)).toBe(false)
})

test('drafts of runs that died are removed by the next start, those of a living one stay', async () => {
  const dataDir = await privateFolder()
  const dead = runScript('', dataDir)
  await exitOf(dead)
  for (const pid of [dead.pid, process.pid, process.ppid]) await mkdir(join(dataDir, `cluster.${pid}`))
  await writeFile(join(dataDir, `postgres.json.password.${dead.pid}`), 'secret')
  await writeFile(join(dataDir, `other.${dead.pid}`), 'not ours')
  await (await start(dataDir)).stop()
  const names = await readdir(dataDir)
  expect(names.filter((name) => /\.\d+$/.test(name)).sort()).toEqual(
    [`cluster.${process.ppid}`, `other.${dead.pid}`].sort(),
  )
})
