import { expect, test } from 'vitest'
import { simulate } from '../simulate.ts'
import { plantsByName } from './plants.ts'

const seedsMax = 500
/** On a machine that others use as well, ms. */
const timeoutMs = 300_000

for (const [name, plants] of Object.entries(plantsByName))
  test(`finds within ${seedsMax} seeds: ${name}`, { timeout: timeoutMs }, async () => {
    let found: { readonly seed: number; readonly violation: string | undefined } | undefined
    for (let seed = 1; seed <= seedsMax && found === undefined; seed++) {
      const { violations } = await simulate({ seed, mode: 'liveness', plants })
      if (violations.length > 0) found = { seed, violation: violations[0] }
    }
    expect(found).toBeDefined()
    console.log(`${name}: seed ${found?.seed}, ${found?.violation}`)
  })
