import { type Backoff, type Clock, type Random, retry } from '@chat/runtime'
import type { SchemaIds } from '@chat/schemas'
import { createRegistry } from '@chat/schemas/registry'

interface Options {
  readonly clock: Clock
  readonly random: Random
  /** Called with a sentence after each failed try: a reason not to be ready. */
  readonly onWaiting: (reason: string) => void
}

const backoff: Backoff = { firstMs: 200, maxMs: 3000 }

/** The registry's ids of what this process writes; waits for a registry that is away. */
export const waitForSchemaIds = (url: string, { clock, random, onWaiting }: Options): Promise<SchemaIds> =>
  retry(() => createRegistry({ url }).readIds(), {
    clock,
    random,
    backoff,
    isRetryable: () => true,
    onRetry: (error) => onWaiting(error instanceof Error ? error.message : String(error)),
  })
