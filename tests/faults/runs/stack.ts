import { join } from 'node:path'
import type { Clock } from '@chat/runtime'
import { createTestStack, definedOf, ensureRequirements, faketime } from '@chat/stack'

export interface OwnStack {
  remove(options: { readonly areLogsKept: boolean }): Promise<void>
}

/** A stack of its own, named in the environment of this process from now on. */
export const openOwnStack = async (options: {
  readonly brokers: 1 | 3
  readonly clock: Clock
  readonly say: (line: string) => void
}): Promise<OwnStack> => {
  const { brokers, clock, say } = options
  ensureRequirements([faketime], say)
  const dataDir = join(import.meta.dirname, '..', '..', '..', '.chat')
  const test = await createTestStack({ dataDir, brokers, env: definedOf(process.env), clock, say })
  try {
    Object.assign(process.env, await test.stack.up(), { CHAT_STACK_DIR: test.dir })
  } catch (error) {
    await test.remove({ areLogsKept: true })
    throw error
  }
  return { remove: test.remove }
}
