import { startSystem } from '@chat/stack/system'
import { testSearch } from './search-scenarios.ts'

testSearch(async (env) => {
  const system = await startSystem({ connectors: 2, routers: 1, projectors: 1, env })
  return { urls: system.connectors.map((connector) => connector.url), close: system.stop }
})
