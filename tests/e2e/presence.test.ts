import { type System, startSystem } from '@chat/stack/system'
import { testPresence } from './presence-scenarios.ts'

let system: System | undefined

testPresence({
  open: async () => {
    const started = await startSystem({ connectors: 2, routers: 2, projectors: 1 })
    system = started
    return { urls: started.connectors.map(({ url }) => url), close: started.stop }
  },
  killLast: async () => {
    const last = system?.connectors.at(-1)
    last?.kill('SIGKILL')
    await last?.exited
  },
})
