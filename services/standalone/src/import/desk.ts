import { createArgon2Hasher } from '@chat/credentials/argon2'
import type { LocalPorts } from '../local-command.ts'
import type { ImportRequest } from './arguments.ts'
import { type Imported, importFiles } from './import.ts'
import { chunkRowsMax } from './step.ts'

/** Does an import with hashes of its own: those who log in meanwhile do not stand behind it in a queue. */
export const answerImportRequest =
  (
    request: ImportRequest,
    { hashesAtOnce }: { readonly hashesAtOnce: number },
    waiting: { readonly by: string; readonly tell: (line: string) => void; readonly signal: AbortSignal },
  ) =>
  ({ importLedger: ledger, ...ports }: LocalPorts): Promise<Imported> => {
    const hasher = createArgon2Hasher({ concurrency: hashesAtOnce, queueMax: chunkRowsMax })
    return importFiles(request, { ...ports, ledger, hasher }, waiting)
  }
