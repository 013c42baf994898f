import { expect, test } from 'vitest'
import { hunt } from './hunt.ts'
import { createMutatedTree } from './mutated-tree.ts'
import { mutations } from './mutations.ts'

const seedsMax = 500
/** On a machine that others use as well, ms. */
const timeoutMs = 280_000

for (const mutation of mutations)
  test(`finds within ${seedsMax} seeds: ${mutation.name}`, { timeout: timeoutMs + 20_000 }, async () => {
    const { seed, output } = await hunt(mutation, seedsMax, timeoutMs)
    expect(seed, output).toBeDefined()
    console.log(`${mutation.name}: seed ${seed}`)
  })

test('a mutation of what is not there is refused', async () => {
  const mutation = { name: 'nothing', file: 'packages/domain/src/window.ts', find: 'no such text', replace: '' }
  await expect(createMutatedTree(mutation)).rejects.toThrow('is not in packages/domain/src/window.ts exactly once')
})
