import { createSeededRandom } from '@chat/testkit'
import { credentialsContract } from '@chat/testkit/contracts/credentials'
import { importLedgerContract } from '@chat/testkit/contracts/import-ledger'
import { createMemoryCredentials, createMemoryImportLedger } from './memory.ts'

credentialsContract('memory', async () => createMemoryCredentials({ random: createSeededRandom(1) }))
importLedgerContract('memory', async () => createMemoryImportLedger())
