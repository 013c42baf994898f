import { assert } from '@chat/runtime'
import type pg from 'pg'
import type { NewRecord, Offset, StoredRecord } from './index.ts'

/** What one transaction appends to one partition. */
export interface HeadAppend {
  readonly head: number
  readonly records: readonly NewRecord[]
  /** See Head.resume; 0: leave it. */
  readonly resume: Offset
}

/**
 * One statement, so one round trip and one transaction: it moves the heads, then inserts the records at the offsets it got. Bytes travel
 * as one binary parameter, cut on the server: an array of bytea would be written as escaped hex, at several times the cost.
 */
const appendText = `
  with target as (
    update log.heads as h
    set next = h.next + n.count, last_at = greatest(h.last_at, $1::bigint), resume = greatest(h.resume, n.resume)
    from unnest($2::integer[], $3::integer[], $4::bigint[]) as n (head, count, resume)
    where h.id = n.head
    returning h.id, h.next - n.count as base, h.last_at
  ), added as (
    insert into log.records (head, "offset", at, key, value, headers)
    select r.head, t.base + r.index, t.last_at,
      case when r.key_bytes >= 0 then substr($5::bytea, r.start, r.key_bytes) end,
      case when r.value_bytes >= 0 then substr($5::bytea, r.start + greatest(r.key_bytes, 0), r.value_bytes) end,
      convert_from(
        substr($5::bytea, r.start + greatest(r.key_bytes, 0) + greatest(r.value_bytes, 0), r.header_bytes), 'UTF8')
    from unnest($6::integer[], $7::integer[], $8::integer[], $9::integer[], $10::integer[], $11::integer[])
      as r (head, index, start, key_bytes, value_bytes, header_bytes)
    join target as t on t.id = r.head
  )
  select id, base, last_at from target`

export const appendStatement = (appends: readonly HeadAppend[], nowMs: number): pg.QueryConfig => {
  const chunks: Uint8Array[] = []
  /** substr counts from 1. */
  let start = 1
  const columns: { readonly [K in 'head' | 'index' | 'start' | 'key' | 'value' | 'headers']: number[] } = {
    head: [],
    index: [],
    start: [],
    key: [],
    value: [],
    headers: [],
  }
  for (const { head, records } of appends)
    for (const [index, record] of records.entries()) {
      const key = record.key === null ? null : Buffer.from(record.key)
      const headers = Buffer.from(JSON.stringify(record.headers))
      columns.head.push(head)
      columns.index.push(index)
      columns.start.push(start)
      columns.key.push(key?.length ?? -1)
      columns.value.push(record.value?.length ?? -1)
      columns.headers.push(headers.length)
      for (const chunk of [key, record.value, headers])
        if (chunk !== null) {
          chunks.push(chunk)
          start += chunk.length
        }
    }
  return {
    name: 'chat-log-append',
    text: appendText,
    values: [
      nowMs,
      appends.map(({ head }) => head),
      appends.map(({ records }) => records.length),
      appends.map(({ resume }) => resume),
      Buffer.concat(chunks),
      columns.head,
      columns.index,
      columns.start,
      columns.key,
      columns.value,
      columns.headers,
    ],
  }
}

export interface Landed {
  readonly baseOffset: Offset
  readonly timestamp: number
}

/** By head. */
export const landedOf = (result: pg.QueryResult): ReadonlyMap<number, Landed> =>
  new Map(result.rows.map((row) => [row.id, { baseOffset: toOffset(row.base), timestamp: Number(row.last_at) }]))

/** Records that one read returns at most, and the bytes of values after which it stops. */
const readRecordsMax = 1000
const readBytesMax = 4 * 1024 * 1024

/** The length of a stored value is known without fetching it, so a window over long values stays cheap. */
const readText = `
  select "offset", at, key, value, headers
  from (
    select *, sum(coalesce(length(value), 0)) over (order by "offset") - coalesce(length(value), 0) as bytes_before
    from (
      select * from log.records where head = $1 and "offset" >= $2 and "offset" < $3 order by "offset" limit ${readRecordsMax}
    ) as page
  ) as measured
  where bytes_before < ${readBytesMax}
  order by "offset"`

export const readStatement = (head: number, from: Offset, to: Offset): pg.QueryConfig => ({
  name: 'chat-log-read',
  text: readText,
  values: [head, from, to],
})

export const recordsOf = (result: pg.QueryResult): readonly StoredRecord[] =>
  result.rows.map((row) => ({
    offset: toOffset(row.offset),
    timestamp: Number(row.at),
    key: row.key,
    value: row.value,
    headers: JSON.parse(row.headers),
  }))

const toOffset = (text: string): Offset => {
  const offset = Number(text)
  assert(Number.isSafeInteger(offset), 'an offset is a safe integer')
  return offset
}
