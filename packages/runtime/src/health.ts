import type { Logger } from './logger.ts'

/**
 * Readiness as named reasons: a component sets a reason while it cannot serve and clears it when it can.
 * Ready means that no reason is left.
 */
export interface Health {
  set(component: string, reason: string): void
  clear(component: string): void
  reasons(): Readonly<Record<string, string>>
  isReady(): boolean
}

export const createHealth = (): Health => {
  const reasons = new Map<string, string>()
  return {
    set: (component, reason) => void reasons.set(component, reason),
    clear: (component) => void reasons.delete(component),
    reasons: () => Object.fromEntries(reasons),
    isReady: () => reasons.size === 0,
  }
}

/** For who waits at a start: why is a reason not to be ready, under the component's name, and a warning. */
export const tellWaiting =
  ({ health, logger }: { readonly health: Health; readonly logger: Logger }) =>
  (component: string) =>
  (reason: string): void => {
    health.set(component, reason)
    logger.warn({ reason }, 'waiting')
  }
