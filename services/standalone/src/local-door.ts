import { mkdir, rm } from 'node:fs/promises'
import { createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { Fault, isFault, type Logger } from '@chat/runtime'

/**
 * A Unix socket in the data folder, behind a folder that only its owner may enter: by it a command on this machine reaches the system
 * that has the folder. A connection carries one request and what comes of it, a line of JSON each.
 *   request => {"command": "operator", "args": ["grant", "ann"], "folder": "/home/root", "by": "root@host"}
 *   what comes => any number of {"line": "…"}, for the person who waits, and then {"isDone": true, "lines": ["…"]}
 * Whoever goes away before the end gives up what he asked for.
 */
const doorOf = (dataDir: string) => join(dataDir, 'operator', 'door.sock')

/** A request is a name, or some paths. */
const requestBytesMax = 64 * 1024
/** A line of what comes of it. */
const answerBytesMax = 1024 * 1024
/** The kernel takes no longer path (sockaddr_un), bytes. */
const pathBytesMax = 107

export interface Said {
  readonly isDone: boolean
  readonly lines: readonly string[]
  /** It ended before its end: something it needs is not there, or it was called wrongly. */
  readonly isBroken?: true
}

/** Who asks, and from where. */
export interface Caller {
  readonly args: readonly string[]
  /** What paths are relative to. */
  readonly folder: string
  /** For the log. */
  readonly by: string
}

interface Waiting {
  /** For the person who waits. */
  readonly tell: (line: string) => void
  /** He has gone, or this system stops. */
  readonly signal: AbortSignal
}

/** What answers a command, by its name. Throws Fault: then that is what is said. */
export type Desks = Readonly<Record<'operator' | 'import', (caller: Caller, waiting: Waiting) => Promise<Said>>>

export interface Door {
  /** Gives up what is being done. */
  close(): Promise<void>
}

/** undefined: the path of the folder is too long for a socket; commands then work while the system does not run. */
export const openDoor = async (dataDir: string, desks: Desks, logger: Logger): Promise<Door | undefined> => {
  const path = doorOf(dataDir)
  if (Buffer.byteLength(path) > pathBytesMax) {
    logger.warn({ path }, 'no operator command while this runs: the path of the data folder is too long for a socket')
    return undefined
  }
  await mkdir(join(dataDir, 'operator'), { recursive: true, mode: 0o700 })
  await rm(path, { force: true }) // Of a run that was killed: this one has the folder.
  const closing = new AbortController()
  const server = createServer((socket) => {
    const gone = new AbortController()
    socket.on('error', (error) => logger.debug({ err: error }, 'operator command went away'))
    socket.on('close', () => gone.abort(new Fault('gone', 'whoever asked has gone')))
    const tell = (line: string) => void socket.write(`${JSON.stringify({ line })}\n`)
    const signal = AbortSignal.any([gone.signal, closing.signal])
    eachLine(socket, requestBytesMax)
      .next()
      .then(({ value }) => answer(String(value), desks, { tell, signal }))
      .then((said) => socket.end(`${JSON.stringify(said)}\n`))
      .catch((error) => {
        if (!signal.aborted) logger.warn({ err: error }, 'operator command not answered')
        socket.destroy()
      })
  })
  server.maxConnections = 4
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return {
    close: () => {
      closing.abort(new Fault('stopping', 'the system stops'))
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

const answer = async (line: string, desks: Desks, waiting: Waiting): Promise<Said> => {
  const { command, ...caller } = JSON.parse(line) as Caller & { readonly command: keyof Desks }
  return await saying(() => desks[command](caller, waiting))
}

/** A Fault is what is said. */
export const saying = async (work: () => Promise<Said>): Promise<Said> => {
  try {
    return await work()
  } catch (error) {
    if (!isFault(error)) throw error
    return { isDone: false, isBroken: true, lines: [error.message] }
  }
}

/**
 * undefined: nobody listens there, so the system does not run. Throws Fault `operator_door` when it does and does not answer, and when
 * `signal` gives up. `tell` gets what is said meanwhile.
 */
export const askAtDoor = async (
  dataDir: string,
  command: keyof Desks,
  caller: Caller,
  { tell, signal }: Partial<Waiting> = {},
): Promise<Said | undefined> => {
  const socket = createConnection(doorOf(dataDir))
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  } catch {
    return undefined // Refused, or no such file: the one outcome that this has.
  }
  const giveUp = () => void socket.destroy()
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    socket.write(`${JSON.stringify({ command, ...caller })}\n`)
    for await (const line of eachLine(socket, answerBytesMax)) {
      const said = JSON.parse(line) as Said | { readonly line: string }
      if (!('line' in said)) return said
      tell?.(said.line)
    }
  } catch (error) {
    throw new Fault('operator_door', 'the running system did not answer; ask again', { cause: error })
  } finally {
    socket.destroy()
  }
  throw new Fault('operator_door', 'the running system stopped before it answered; ask again')
}

async function* eachLine(socket: Socket, bytesMax: number): AsyncGenerator<string, undefined> {
  socket.setEncoding('utf8')
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    text += chunk
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      yield text.slice(0, end)
      text = text.slice(end + 1)
    }
    if (text.length > bytesMax) throw new Error('the line is too long')
  }
  return undefined
}
