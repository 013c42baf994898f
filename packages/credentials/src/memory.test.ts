import { createSeededRandom } from '@chat/testkit'
import { credentialsContract } from '@chat/testkit/contracts/credentials'
import { createMemoryCredentials } from './memory.ts'

credentialsContract('memory', async () => createMemoryCredentials({ random: createSeededRandom(1) }))
