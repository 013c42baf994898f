import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { createMutatedTree, type Mutation } from './mutated-tree.ts'

/** What a run on mutated sources came to. */
export interface Hunted {
  /** The first seed that is red; undefined: none of them. */
  readonly seed: number | undefined
  readonly output: string
}

const outputBytesMax = 16 * 1024 * 1024

/**
 * Runs the simulation of a copy of the sources with one mutation in a process of its own, until a seed is red. Throws when it does not run:
 * sources that cannot be loaded prove nothing.
 */
export const hunt = async (mutation: Mutation, seedsMax: number, timeoutMs: number): Promise<Hunted> => {
  await using tree = await createMutatedTree(mutation)
  const args = [join(tree.root, 'tests/simulation/main.ts'), '--seeds', String(seedsMax), '--stop-at-first']
  const { code, output } = await run(args, timeoutMs)
  const seed = /^seed (\d+) is red/m.exec(output)?.[1]
  if (code !== 0 && seed === undefined) throw new Error(`${mutation.name} does not run (${code}):\n${output}`)
  return { seed: seed === undefined ? undefined : Number(seed), output }
}

const run = (args: readonly string[], timeoutMs: number): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [...args],
      { timeout: timeoutMs, maxBuffer: outputBytesMax },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ code, output: `${stdout}${stderr}` })
      },
    )
  })
