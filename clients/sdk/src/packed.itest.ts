import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedServer, startEmbeddedServer } from './test-embedded.ts'

/** The JavaScript of the package, compressed. */
const gzipBytesMax = 15 * 1024

const packageDir = fileURLToPath(new URL('../', import.meta.url))
const tsc = fileURLToPath(new URL('../bin/tsc', import.meta.resolve('typescript')))
let folder: string
let server: EmbeddedServer

const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chat-packed-'))
  const tarball = run('npm', ['pack', '--silent', '--pack-destination', folder], packageDir).trim().split('\n').at(-1)
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--silent', join(folder, tarball ?? '')], folder)
  server = await startEmbeddedServer()
}, 240_000)

afterAll(async () => {
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const installed = () => join(folder, 'node_modules', '@chat', 'sdk')

test('the package holds its JavaScript, its types and its README, and no dependency came with it', () => {
  const files = readdirSync(installed(), { recursive: true, encoding: 'utf8' })
  expect(files).toEqual(expect.arrayContaining(['README.md', 'dist/index.js', 'dist/index.d.ts']))
  expect(files.filter((file) => /test|\bsrc\b/.test(file))).toEqual([])
  expect(readdirSync(join(folder, 'node_modules', '@chat'))).toEqual(['sdk'])
  expect(readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['@chat'])
})

test('its JavaScript is at most 15 KiB compressed', () => {
  const dist = join(installed(), 'dist')
  const scripts = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  expect(scripts).toEqual(['index.js'])
  expect(gzipSync(readFileSync(join(dist, 'index.js'))).length).toBeLessThanOrEqual(gzipBytesMax)
})

/** The first JavaScript of the README, as a reader would copy it. */
const example = (): string => {
  const readme = readFileSync(join(installed(), 'README.md'), 'utf8')
  const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1]
  if (code === undefined) throw new Error('the README has no example')
  return code
}

test('the example of the README has ten lines and runs', () => {
  const code = example()
  expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(10)
  expect(code).toContain("'http://127.0.0.1:8080'")
  writeFileSync(join(folder, 'example.js'), code.replace('http://127.0.0.1:8080', server.url))
  expect(run(process.execPath, ['example.js'], folder)).toMatch(/^\d+: hello\n$/)
})

test('its types need neither a DOM nor Node', () => {
  writeFileSync(
    join(folder, 'types.ts'),
    `import { type ChatEvent, createClient, indexedDbStorage, type Message } from '@chat/sdk'
const client = createClient({ url: 'http://a', storage: indexedDbStorage('tab') })
client.on('message', ({ seq, data }) => [seq.toFixed(), data.clientMsgId, data.body.kind])
export const last = (id: string): Message | undefined => client.conversation(id).messages.at(-1)
export const read = async (each: (event: ChatEvent) => void) => {
  for await (const event of client) each(event)
}
`,
  )
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022', '--types', '']
  run(process.execPath, [tsc, ...options, '--module', 'nodenext', '--skipLibCheck', 'false', 'types.ts'], folder)
})
