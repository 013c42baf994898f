import { createFatal, exitCodeOf } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { readConfig, readImportConfig } from './config.ts'
import { type ImportRequest, parseImportArgs } from './import/arguments.ts'
import { answerImportRequest } from './import/desk.ts'
import { whoIsHere, workEmbedded, workOnKafka } from './local-command.ts'
import { askAtDoor, type Caller, type Said, saying } from './local-door.ts'

/** `npm run import`: users, friendships, groups and missed messages of an older chat server, from CSV files. */
const say = (line: string) => void process.stdout.write(`${line}\n`)
const tell = (line: string) => void (process.stderr.isTTY && process.stderr.write(`\r${line.padEnd(lineChars)}\r`))
const lineChars = 40
const { promise: fatal, raise: onFatal } = createFatal()
const stopping = new AbortController()
const stopped = Promise.withResolvers<never>()
stopped.promise.catch(() => {}) // Where it is not raced, the signal tells.
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => {
    const reason = new Error('stopped; run it again to go on')
    stopping.abort(reason)
    stopped.reject(reason)
  })

const ask = async (
  env: NodeJS.ProcessEnv,
  { args, folder }: Pick<Caller, 'args' | 'folder'>,
  request: ImportRequest,
): Promise<Said> => {
  const by = whoIsHere()
  const surroundings = { clock, random, onFatal, say }
  const { signal } = stopping
  if ((env.CHAT_KAFKA_BROKERS ?? '') !== '') {
    const config = readImportConfig(env)
    const answer = answerImportRequest(request, config, { by, tell, signal })
    return await Promise.race([workOnKafka(config, surroundings, answer), stopped.promise])
  }
  const config = readConfig(env)
  const asked = await askAtDoor(config.dataDir, 'import', { args, by, folder }, { tell, signal })
  return asked ?? (await workEmbedded(config, surroundings, answerImportRequest(request, config, { by, tell, signal })))
}

/** 0: everything is there. 1: some rows were not taken. 2: it ended before its end, or was called wrongly. */
const run = async (): Promise<number> => {
  const call = { args: process.argv.slice(2), folder: process.cwd() }
  const request = parseImportArgs(call.args, call.folder)
  const { isDone, isBroken, lines } = await saying(() => Promise.race([ask(process.env, call, request), fatal]))
  for (const line of lines) (isBroken ? process.stderr : process.stdout).write(`${line}\n`)
  return isBroken ? 2 : isDone ? 0 : 1
}

process.exit(await exitCodeOf(run(), 2))
