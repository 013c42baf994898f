import { startEmbedded } from './embedded-system.ts'
import { testSearch } from './search-scenarios.ts'

testSearch(async (env) => {
  const system = await startEmbedded(env)
  return { urls: [system.url], close: system.close }
})
