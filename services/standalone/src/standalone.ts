import { type Clock, type Health, type Service, sleep } from '@chat/runtime'

/** The three services of one process. */
export interface Services {
  readonly router: Service
  readonly projector: Service
  readonly connector: Service
}

/** How often a start looks whether every partition is restored, ms. */
const readyPollMs = 20

/**
 * Starts whoever others wait for first, and stops in the other direction: the connector hands over what it took, the router decides it,
 * the projector keeps up to the end. `start` resolves when all are ready, `stop` when all are stopped and throws the first failure after that.
 */
export const createStandalone = (
  { router, projector, connector }: Services,
  { clock, health }: { readonly clock: Clock; readonly health: Health },
): Service => ({
  start: async () => {
    await router.start()
    await projector.start()
    await connector.start()
    while (!health.isReady()) await sleep(clock, readyPollMs)
  },
  stop: async () => {
    const failures: unknown[] = []
    for (const service of [connector, router, projector])
      await service.stop().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  },
})
