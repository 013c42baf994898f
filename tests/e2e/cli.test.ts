import { startSystem } from '@chat/stack/system'
import { testCommandLine } from './cli-scenarios.ts'

testCommandLine({
  open: async () => {
    const started = await startSystem({ connectors: 2, routers: 2, projectors: 1 })
    return { urls: started.connectors.map((connector) => connector.url), close: started.stop }
  },
})
