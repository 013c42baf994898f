/** What of a Kafka message the log's rule looks at. */
export interface LogRecord {
  readonly offset: string
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>
}

const headerOf = ({ headers }: LogRecord, name: string): string | undefined => headers?.[name]?.toString()

/**
 * The rule of the log: a record counts if and only if it stands where its writer believed it would. Another one is the late batch of a
 * writer that was overtaken; what it says did not happen, or stands elsewhere again.
 */
export const counts = (record: LogRecord): boolean => headerOf(record, 'pos') === record.offset

export const typeOf = (record: LogRecord): string | undefined => headerOf(record, 'type')
