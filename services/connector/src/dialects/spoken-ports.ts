import type { DialectConfig, DialectPorts } from './dialect-config.ts'
import { createNames } from './names.ts'
import { createTimeFormat } from './texts.ts'

/** What the connections of the dialects work with, whichever connector takes them. */
export const spokenPorts = (config: DialectConfig, ports: DialectPorts) => ({
  ...ports,
  names: createNames(),
  timeOf: createTimeFormat(config.dialectTimeZone),
  isAutofriend: config.dialectAutofriend === 'true',
  pacingMs: config.dialectPacingMs,
})
