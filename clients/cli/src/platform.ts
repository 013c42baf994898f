import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { createFetchJson, systemClock, systemRandom } from '@chat/sdk'
import { usageError } from './exit.ts'
import { createSystemTerminal } from './screen/system-terminal.ts'
import { createSessionFile } from './session/session-file.ts'
import type { Input, Output, Surroundings } from './surroundings.ts'

/** The process that this program is. Only the main files import this. */
export const systemSurroundings = (): Surroundings => {
  const stopped = new AbortController()
  const stop = () => stopped.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop).once('SIGHUP', stop)
  return {
    ...{ env: process.env, clock: systemClock, random: systemRandom },
    fetchJson: createFetchJson({ redirect: 'error' }), // Tokens go where they were asked to go.
    openSessionFile: (folder) => createSessionFile(folder, systemClock, systemRandom),
    input: systemInput,
    output: systemOutput(process.stdout, stop),
    errors: systemOutput(process.stderr, stop),
    ...(process.stdin.isTTY && process.stdout.isTTY ? { terminal: systemTerminal() } : {}),
    stopped: stopped.signal,
  }
}

const systemTerminal = () =>
  createSystemTerminal({
    input: process.stdin,
    output: process.stdout,
    onExit: (restore) => {
      process.once('exit', restore)
      return () => process.off('exit', restore)
    },
  })

const systemInput: Input = {
  isTTY: process.stdin.isTTY === true,
  text: async (bytesMax) => {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of process.stdin) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes > bytesMax) throw usageError(`more than ${bytesMax} bytes on stdin`)
    }
    return Buffer.concat(chunks).toString('utf8')
  },
  secret: (prompt) =>
    new Promise((resolve) => {
      process.stderr.write(prompt)
      const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
      const lines = createInterface({ input: process.stdin, output: unseen, terminal: true })
      let typed: string | undefined
      lines.once('line', (line) => {
        typed = line
        lines.close()
      })
      lines.once('SIGINT', () => lines.close())
      lines.once('close', () => {
        process.stderr.write('\n')
        resolve(typed)
      })
    }),
}

/** What nobody reads any more (`chat tail | head`) ends the program like a signal. */
const systemOutput = (stream: NodeJS.WriteStream, stop: () => void): Output => {
  stream.on('error', stop)
  return { isTTY: stream.isTTY === true, write: (text) => void stream.write(text) }
}
