import { once } from 'node:events'
import { join } from 'node:path'
import { openPostgresCredentials } from '@chat/credentials/postgres'
import { findLocalPostgres } from '@chat/local-postgres'
import { openPostgresReadModels } from '@chat/read-models/postgres'
import { ConfigError, createLogger, exitCodeOf } from '@chat/runtime'
import { systemClock as clock, systemRandom as random } from '@chat/runtime/system'
import { recover } from './recover/recover.ts'
import { parseRecoverArgs } from './recover/recover-args.ts'
import { readRecoverConfig } from './recover/recover-config.ts'

const tell = (sentence: string): void => void process.stderr.write(`${sentence}\n`)

/** `npm run recover`: one-time codes by which people set their passwords anew. Codes go to stdout, everything else to stderr. */
const run = async (): Promise<number> => {
  const { request, isEmbedded } = parseRecoverArgs(process.argv.slice(2))
  const { databaseUrl, dataDir } = readRecoverConfig(process.env)
  const url = (isEmbedded ? undefined : databaseUrl) ?? (await findLocalPostgres(join(dataDir, 'postgres')))
  if (url === undefined)
    throw new ConfigError([`CHAT_DATABASE_URL is not set, and no npm start runs on the data folder ${dataDir}`])
  const logger = createLogger({ service: 'recover', level: 'silent' }) // stdout is for codes; faults are told on stderr.
  await using stack = new AsyncDisposableStack()
  const store = { url, clock, random, logger, poolMax: 2 }
  const credentials = stack.adopt(openPostgresCredentials(store), (opened) => opened.close())
  const readModels = stack.adopt(openPostgresReadModels(store), (opened) => opened.close())
  const write = async (line: string) => {
    if (!process.stdout.write(line)) await once(process.stdout, 'drain')
  }
  const count = await recover({ credentials, readModels, clock, random, write }, request)
  if (request.kind === 'name' && count === 0) {
    tell(`nobody is called ${request.name}`)
    return 1
  }
  tell(`${count} one-time codes, good for 7 days: POST /v1/password-resets {"name","code","password"}`)
  return 0
}

process.exit(await exitCodeOf(run()))
