import { mkdir, rm } from 'node:fs/promises'
import { createConnection, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { Fault, isFault, type Logger } from '@chat/runtime'
import { parseOperatorArgs, type Request } from './arguments.ts'

/**
 * A Unix socket in the data folder, behind a folder that only its owner may enter: by it a command on this machine reaches the system
 * that has the folder. A connection carries one request and one answer, a line of JSON each.
 *   request => {"args": ["grant", "ann"], "by": "root@host"};  answer => {"isDone": true, "lines": ["…"]}
 */
const doorOf = (dataDir: string) => join(dataDir, 'operator', 'door.sock')

/** A request is a name and who asks. */
const requestBytesMax = 4096
const answerBytesMax = 1024 * 1024
/** The kernel takes no longer path (sockaddr_un), bytes. */
const pathBytesMax = 107

export interface Said {
  readonly isDone: boolean
  readonly lines: readonly string[]
}

export interface Door {
  close(): Promise<void>
}

type Answer = (request: Request, by: string) => Promise<Said>

/** undefined: the path of the folder is too long for a socket; the command then works while the system does not run. */
export const openDoor = async (dataDir: string, answer: Answer, logger: Logger): Promise<Door | undefined> => {
  const path = doorOf(dataDir)
  if (Buffer.byteLength(path) > pathBytesMax) {
    logger.warn({ path }, 'no operator command while this runs: the path of the data folder is too long for a socket')
    return undefined
  }
  await mkdir(join(dataDir, 'operator'), { recursive: true, mode: 0o700 })
  await rm(path, { force: true }) // Of a run that was killed: this one has the folder.
  const server = createServer((socket) => {
    socket.on('error', (error) => logger.debug({ err: error }, 'operator command went away'))
    readLine(socket, requestBytesMax)
      .then((line) => answerLine(line, answer))
      .then((said) => socket.end(`${JSON.stringify(said)}\n`))
      .catch((error) => {
        logger.warn({ err: error }, 'operator command not answered')
        socket.destroy()
      })
  })
  server.maxConnections = 4
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return { close: () => new Promise((resolve) => server.close(() => resolve())) }
}

const answerLine = async (line: string, answer: Answer): Promise<Said> => {
  try {
    const { args, by } = JSON.parse(line) as { readonly args: readonly string[]; readonly by: string }
    return await answer(parseOperatorArgs(args), String(by))
  } catch (error) {
    if (!isFault(error)) throw error
    return { isDone: false, lines: [error.message] }
  }
}

/** undefined: nobody listens there, so the system does not run. Throws Fault `operator_door` when it does and does not answer. */
export const askAtDoor = async (dataDir: string, args: readonly string[], by: string): Promise<Said | undefined> => {
  const socket = createConnection(doorOf(dataDir))
  try {
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  } catch {
    return undefined // Refused, or no such file: the one outcome that this has.
  }
  try {
    socket.write(`${JSON.stringify({ args, by })}\n`)
    return JSON.parse(await readLine(socket, answerBytesMax)) as Said
  } catch (error) {
    throw new Fault('operator_door', 'the running system did not answer; ask again', { cause: error })
  } finally {
    socket.destroy()
  }
}

const readLine = (socket: Socket, bytesMax: number): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
      const end = text.indexOf('\n')
      if (end >= 0) resolve(text.slice(0, end))
      else if (text.length > bytesMax) reject(new Error('the line is too long'))
    })
    socket.once('error', reject).once('close', () => reject(new Error('closed before the end of the line')))
  })
