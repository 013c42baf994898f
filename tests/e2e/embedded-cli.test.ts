import { testCommandLine } from './cli-scenarios.ts'
import { startEmbedded } from './embedded-system.ts'

testCommandLine({
  open: async () => {
    const started = await startEmbedded()
    return { urls: [started.url], close: started.close }
  },
})
