import { createFatal, exitCodeOf } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { readConfig, readLocalKafkaConfig } from './config.ts'
import { type LocalPorts, whoIsHere, workEmbedded, workOnKafka } from './local-command.ts'
import { askAtDoor, type Said } from './local-door.ts'
import { parseOperatorArgs } from './operator/arguments.ts'
import { changeOnLog } from './operator/command-on-log.ts'
import { answerOperatorRequest } from './operator/operators.ts'

/** `npm run operator`: who may do what operators do is decided on this machine, and nowhere else. */
const say = (line: string) => void process.stdout.write(`${line}\n`)
const { promise: fatal, raise: onFatal } = createFatal()

const ask = async (env: NodeJS.ProcessEnv, args: readonly string[]): Promise<Said> => {
  const request = parseOperatorArgs(args)
  const by = whoIsHere()
  const surroundings = { clock, random, onFatal, say }
  const answer = (ports: LocalPorts) =>
    answerOperatorRequest(request, by, { ...ports, change: (wanted) => changeOnLog(wanted, ports) })
  if ((env.CHAT_KAFKA_BROKERS ?? '') !== '') return await workOnKafka(readLocalKafkaConfig(env), surroundings, answer)
  const config = readConfig(env)
  const asked = await askAtDoor(config.dataDir, 'operator', { args, by, folder: process.cwd() })
  return asked ?? (await workEmbedded(config, surroundings, answer))
}

const run = async (): Promise<number> => {
  const { isDone, lines } = await Promise.race([ask(process.env, process.argv.slice(2)), fatal])
  for (const line of lines) say(line)
  return isDone ? 0 : 1
}

process.exit(await exitCodeOf(run()))
