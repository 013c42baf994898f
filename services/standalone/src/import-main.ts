import { createFatal } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { readConfig, readImportConfig } from './config.ts'
import { importUsage, parseImportArgs } from './import/arguments.ts'
import { answerImportRequest } from './import/desk.ts'
import { whoIsHere, workEmbedded, workOnKafka } from './local-command.ts'
import { askAtDoor, type Said, saying } from './local-door.ts'

/** `npm run import`: users, friendships, groups and missed messages of an older chat server, from CSV files. */
const say = (line: string) => void process.stdout.write(`${line}\n`)
const tell = (line: string) => void (process.stderr.isTTY && process.stderr.write(`\r${line.padEnd(lineChars)}\r`))
const lineChars = 40
const { promise: fatal, raise: onFatal } = createFatal()
const stopping = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stopping.abort(new Error('stopped; run it again to go on')))

const ask = async (env: NodeJS.ProcessEnv, args: readonly string[]): Promise<Said> => {
  const folder = process.cwd()
  const request = parseImportArgs(args, folder)
  if (request === 'help') return { isDone: true, lines: [importUsage] }
  const by = whoIsHere()
  const surroundings = { clock, random, onFatal, say }
  const { signal } = stopping
  if ((env.CHAT_KAFKA_BROKERS ?? '') !== '') {
    const config = readImportConfig(env)
    return await workOnKafka(config, surroundings, answerImportRequest(request, config, { by, tell, signal }))
  }
  const config = readConfig(env)
  const asked = await askAtDoor(config.dataDir, 'import', { args, by, folder }, tell)
  return asked ?? (await workEmbedded(config, surroundings, answerImportRequest(request, config, { by, tell, signal })))
}

/** 0: everything is there. 1: some rows were not taken. 2: it ended before its end, or was called wrongly. */
const run = async (): Promise<number> => {
  const { isDone, isBroken, lines } = await saying(() => Promise.race([ask(process.env, process.argv.slice(2)), fatal]))
  for (const line of lines) say(line)
  return isBroken ? 2 : isDone ? 0 : 1
}

const failed = (error: unknown): number => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return 2
}

process.exit(await run().catch(failed))
