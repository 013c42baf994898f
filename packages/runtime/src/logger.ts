import { pino } from 'pino'

/** Structured log lines: a constant lowercase phrase, variables as fields. No message text of users, no secrets. */
export interface Logger {
  /** A person must act. */
  error(fields: object, phrase: string): void
  /** Look this week. */
  warn(fields: object, phrase: string): void
  /** Lifecycle. */
  info(fields: object, phrase: string): void
  /** One event. */
  debug(fields: object, phrase: string): void
  child(fields: object): Logger
}

export const createLogger = (options: { readonly service: string; readonly level: string }): Logger =>
  pino({ level: options.level, base: { service: options.service } })

export const silentLogger: Logger = {
  error: () => {},
  warn: () => {},
  info: () => {},
  debug: () => {},
  child: () => silentLogger,
}
