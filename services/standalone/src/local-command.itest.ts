import { systemRandom as random, systemClock } from '@chat/runtime/system'
import { expect, test } from 'vitest'
import { readLocalKafkaConfig } from './config.ts'
import { workOnKafka } from './local-command.ts'

/** Waits are a hundredth of what they are. */
const clock = {
  ...systemClock,
  after: (ms: number, run: () => void) => systemClock.after(ms / 100, run),
}

test('what is not there is said once, and not waited for for ever', async () => {
  const config = readLocalKafkaConfig({
    CHAT_KAFKA_BROKERS: '127.0.0.1:1',
    CHAT_REGISTRY_URL: 'http://127.0.0.1:1',
    CHAT_DATABASE_URL: 'postgres://chat@127.0.0.1:1/chat',
  })
  const said: string[] = []
  const failure = await new Promise((resolve, reject) => {
    const surroundings = { clock, random, onFatal: resolve, say: (line: string) => said.push(line) }
    // It waits on: whoever started it ends the process.
    workOnKafka(config, surroundings, async () => 'reached').then(reject, reject)
  })
  expect(failure).toMatchObject({ code: 'not_there', message: expect.stringContaining('CHAT_KAFKA_BROKERS is set') })
  expect(said).toEqual([expect.stringContaining('ECONNREFUSED')])
})
