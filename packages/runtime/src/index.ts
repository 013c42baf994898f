export { AssertionError, assert, assertNever } from './assert.ts'
export { type Cancel, type Clock, every, sleep, withinMs } from './clock.ts'
export { ConfigError, integer, list, oneOf, optionalText, readSettings, type Setting, text, url } from './config.ts'
export { Fault, isFault } from './fault.ts'
export { forgetOldest } from './forget-oldest.ts'
export { createHealth, type Health, tellWaiting } from './health.ts'
export { createHealthServer, type HealthServerOptions, healthHostSetting, healthPortSetting } from './health-server.ts'
export { createFatal, exitCodeOf, runUntilSignal, type Service } from './lifecycle.ts'
export { listen, listenFailure } from './listen.ts'
export { createLogger, type Logger, silentLogger } from './logger.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { flag, helpIfAsked, parseOptions, parseWords, refuseArguments, usageFault } from './options.ts'
export { type Random, randomId, uuidV7 } from './random.ts'
export { type Backoff, backoffMs, retry, untilThere } from './retry.ts'
export {
  databaseSettings,
  groupSettings,
  kafkaSettings,
  processSettings,
  redisSettings,
  registrySettings,
  worldSettings,
} from './settings.ts'
