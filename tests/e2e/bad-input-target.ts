import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@chat/runtime/system'
import { directConversation } from '@chat/schemas'
import { freePort, type ServiceProcess, spawnService } from '@chat/stack'
import { registerAccounts } from '@chat/stack/system'
import { type Account, logIn } from '@chat/testkit'
import { ask, connectLive, connectRude, type Rude, sendRaw, within } from './bad-input-client.ts'
import { type FrameWorld, newId } from './bad-input-frames.ts'
import type { HttpWorld } from './bad-input-http.ts'
import { type Innocents, startInnocents } from './bad-input-innocents.ts'
import { runOperator } from './operator-command.ts'

/** An embedded system that is treated badly, with innocent people on it. */
export interface Target {
  readonly server: ServiceProcess
  readonly url: string
  /** Who is rude, his token, and a connection of his that must outlive everything. */
  readonly mallory: Account
  readonly token: string
  readonly rude: Rude
  /** An operator, and his token. */
  readonly warden: Account
  readonly wardenToken: string
  /** An account that others guess at. */
  readonly victim: Account
  readonly http: HttpWorld
  readonly world: FrameWorld
  readonly innocents: Innocents
  /** What the server takes its time for, begun first and to be looked at last. */
  readonly slow: Readonly<Record<'noHello' | 'halfHeader' | 'halfBody' | 'silence', Promise<unknown>>>
  /** Asked for more than a gigabyte of history and reads none of it. */
  readonly deaf: Rude
  /** The server's memory before that, bytes. */
  readonly residentBefore: number
  remove(): Promise<void>
}

export const startTarget = async (): Promise<Target> => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-bad-input-'))
  const server = await startServer(folder)
  const { url } = server
  const slow = beSlow(url)
  const [ann, bob, mallory, victim, warden] = await registerAccounts([url], 5)
  if (ann === undefined || bob === undefined || mallory === undefined || victim === undefined || warden === undefined)
    throw new Error('five accounts were asked for')
  const innocents = await startInnocents(url, [ann, bob])
  const token = await logIn(url, mallory, crypto.randomUUID())
  const rude = await connectLive(url, token)
  const ownGroup = String((await rude.ask({ op: 'group.create', title: 'alone', visibility: 'private' })).conversation)
  await rude.ask(message(ownGroup, 'the first'))
  const key = Buffer.from(readFileSync(join(folder, 'token-keys'), 'utf8').split('\n')[0] ?? '', 'base64')
  const foreignGroup = innocents.conversation
  const foreignDirect = directConversation(ann.userId, bob.userId)
  return {
    ...{ server, url, mallory, token, rude, victim, warden, innocents, slow },
    wardenToken: await makeOperator(url, warden, folder),
    http: { token, key, takenName: ann.name, foreignGroup },
    world: { self: mallory.userId, other: ann.userId, ownGroup, foreignGroup, foreignDirect },
    ...(await goDeaf(url, token, ownGroup)),
    remove: () => stopServer(server, folder),
  }
}

/** The embedded system as a process of its own, with its data in `folder`. */
export const startServer = async (folder: string, settings: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> => {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    CHAT_PORT: String(await freePort()),
    CHAT_DATA_DIR: folder,
    CHAT_PARTITIONS: '4',
    ...settings,
  }
  const server = await spawnService('standalone', env, systemClock)
  await server.ready(60_000)
  return server
}

/** SIGTERM first: a server that is killed leaves its database server behind. */
export const stopServer = async (server: ServiceProcess, folder: string): Promise<void> => {
  server.kill('SIGTERM')
  await within(server.exited, 'the server stops', 30_000).catch(() => server.kill('SIGKILL'))
  await server.exited
  rmSync(folder, { recursive: true, force: true })
}

const makeOperator = async (url: string, account: Account, folder: string): Promise<string> => {
  const { PATH = '', HOME = '' } = process.env
  const { code, out } = await runOperator({ PATH, HOME, CHAT_DATA_DIR: folder }, ['grant', account.name])
  if (code !== 0) throw new Error(out)
  return logIn(url, account, crypto.randomUUID())
}

const head = (line: string): string => `${line} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n`

const beSlow = (url: string): Target['slow'] => {
  const slow = {
    noHello: connectRude(url).then((late) => within(late.closed, 'a close without hello', 15_000)),
    halfHeader: sendRaw(url, head('GET /healthz'), 20_000),
    halfBody: sendRaw(url, `${head('POST /v1/users')}content-length: 50\r\n\r\n{"name":`, 20_000),
    silence: sendRaw(url, '', 20_000),
  }
  for (const ended of Object.values(slow)) ended.catch(() => {}) // Whoever looks at it last sees it.
  return slow
}

const goDeaf = async (
  url: string,
  token: string,
  conversation: string,
): Promise<Pick<Target, 'deaf' | 'residentBefore'>> => {
  const deaf = await connectLive(url, token)
  const page = Array.from({ length: 40 }, () => message(conversation, '世'.repeat(4_000)))
  await Promise.all(page.map((frame) => deaf.ask(frame)))
  const residentBefore = await residentBytes(url)
  deaf.net.pause()
  for (let ref = 0; ref < 2_000; ref++)
    deaf.say(JSON.stringify({ op: 'history', ref, conversation, limit: page.length }))
  return { deaf, residentBefore }
}

export const message = (conversation: string, text: string) => ({
  op: 'send',
  to: { conversation },
  clientMsgId: newId(),
  body: { kind: 'text', text },
})

/** The value of one series of /metrics; 0 when there is none. */
export const metric = async (url: string, series: string): Promise<number> => {
  const { text } = await ask(url, { path: '/metrics' })
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return Number(line?.slice(series.length + 1) ?? 0)
}

export const residentBytes = (url: string): Promise<number> => metric(url, 'process_resident_memory_bytes')
