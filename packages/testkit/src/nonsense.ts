import type { NewRecord } from '@chat/event-log'

/** 300 bytes that mean nothing. */
export const noise = Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 131) % 256))

/** A key, because a compacted topic takes nothing without one. */
export const nonsenseRecord = (
  value: Uint8Array | null,
  headers: Readonly<Record<string, string>> = {},
): NewRecord => ({ key: 'nonsense', value, headers })

/** What is in no topic rightly; `schema` and `type` are those of something that would be. */
export const nonsenseRecords = (schema: string, type: string): readonly NewRecord[] => [
  nonsenseRecord(null),
  nonsenseRecord(Buffer.alloc(0)),
  nonsenseRecord(noise),
  nonsenseRecord(noise, { type, schema }),
  nonsenseRecord(noise.subarray(0, 5), { type, schema }),
  nonsenseRecord(Buffer.concat([Buffer.alloc(5), noise]), { type, schema }),
  nonsenseRecord(null, { type, schema }),
  nonsenseRecord(Buffer.from('{"op":"send"}'), { type, schema: '../../etc/passwd' }),
  nonsenseRecord(Buffer.concat([Buffer.alloc(5), Buffer.alloc(200, 0xff)]), { type, schema }),
]
