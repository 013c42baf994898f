import { type Clock, every, type Health, type Logger, type Service } from '@chat/runtime'

/** Between two looks, ms. With one look lost and its statement's time-out a socket still closes within 5 s. */
const lookMs = 2000
/** Looks that fail in a row before the connector calls itself not ready. */
const failuresMax = 3

export interface RegularLookPorts {
  readonly clock: Clock
  readonly health: Health
  readonly logger: Logger
}

/**
 * Looks every 2 s at what the database says of something (`what`, in the plural), once before `start` resolves. Not ready, with the
 * reason `reason`, from `start` until the first look succeeded, and again when several failed in a row.
 */
export const createRegularLook = (
  { clock, health, logger }: RegularLookPorts,
  { what, reason }: { readonly what: string; readonly reason: string },
  look: () => Promise<void>,
): Pick<Service, 'start' | 'stop'> => {
  let cancel = () => {}
  let failures = 0
  const attempt = async () => {
    try {
      await look()
      if (failures > 0) logger.info({}, `${what} read again`)
      failures = 0
      health.clear(reason)
    } catch (error) {
      failures++
      if (failures === 1) logger.warn({ err: error }, `${what} cannot be read`)
      if (failures === failuresMax) health.set(reason, `${what} cannot be read from the database`)
    }
  }
  return {
    start: async () => {
      health.set(reason, `${what} were not read yet`)
      await attempt()
      cancel = every(clock, lookMs, attempt)
    },
    stop: async () => cancel(),
  }
}
