import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitUntil } from '@chat/testkit'
import { freePort, isPortFree } from './ports.ts'
import { nginxStreamLoading } from './requirements.ts'

/** Ports as they are between containers, and where they are on this machine. */
export type PortsHere = ReadonlyMap<number, number>

/** nginx as in the containers, in front of connectors on this machine. */
export interface Nginx {
  readonly pid: number
  /** Where clients reach what it listens on at this port. */
  port(published: number): number
  stop(): Promise<void>
}

/**
 * With the committed configuration. `connectors`: the first and the second one; nobody is where a port is absent. `others`: ports that are
 * not free although nobody listens yet. Resolves when it listens.
 */
export const startNginx = async (
  connectors: readonly PortsHere[],
  others: readonly PortsHere[] = [],
): Promise<Nginx> => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-nginx-'))
  const path = join(folder, 'nginx.conf')
  const listening = new Map<number, number>()
  // Those of connectors are theirs, although they may not listen yet.
  const taken = new Set([...connectors, ...others].flatMap((ports) => [...ports.values()]))
  for (const [, , port] of committed.matchAll(listens)) {
    const here = await freePort(taken)
    taken.add(here)
    listening.set(Number(port), here)
  }
  writeFileSync(path, configFor(folder, listening, connectors))
  const child = spawn('nginx', ['-p', folder, '-c', path], { stdio: ['ignore', 'inherit', 'inherit'] })
  const exited = once(child, 'exit')
  const port = (published: number) => {
    const here = listening.get(published)
    if (here === undefined) throw new Error(`nginx does not listen on ${published}`)
    return here
  }
  await waitUntil(async () => child.exitCode !== null || !(await isPortFree(port(8080))), {
    ...{ deadlineMs: 10_000, what: 'nginx listens' },
  })
  if (child.pid === undefined || child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`)
  return {
    pid: child.pid,
    port,
    stop: async () => {
      child.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true })
    },
  }
}

const committed = readFileSync(join(import.meta.dirname, '..', '..', 'nginx', 'nginx.conf'), 'utf8')
const listens = /^( +listen )(\d+)/gm
/** `resolve` needs nginx 1.27.3, which the image has and Debian has not. */
const servers = /^( +server )connector-(\d+):(\d+) resolve/gm
const nowhere = 1

/** What belongs to containers is put in place: names, ports, the pid file. */
const configFor = (folder: string, listening: PortsHere, connectors: readonly PortsHere[]): string => {
  const here = committed
    .replace('pid /tmp/nginx.pid;', `pid ${folder}/nginx.pid; daemon off;`)
    .replace(listens, (_, before, port) => `${before}127.0.0.1:${listening.get(Number(port))}`)
    .replace(servers, (_, before, number, port) => {
      const at = connectors[Number(number) - 1]?.get(Number(port)) ?? nowhere
      return `${before}127.0.0.1:${at}`
    })
  if (!here.includes('daemon off') || here.includes('connector-'))
    throw new Error('nginx.conf is not as it is known here')
  return nginxStreamLoading() + here
}
