import { startEmbedded } from './embedded-system.ts'
import { testPresence } from './presence-scenarios.ts'

testPresence({
  open: async () => {
    const { url, close } = await startEmbedded()
    return { urls: [url], close }
  },
})
