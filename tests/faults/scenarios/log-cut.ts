import { readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Takes up to so many batches off the end of a partition's newest segment, as a wrong restore or a loss of power would, while its broker
 * is down; gives how many they were. Kafka's log format, record batch v2: baseOffset:int64 batchLength:int32 (of all that follows it) …
 */
export const cutLog = (where: {
  readonly stackDir: string
  readonly topic: string
  readonly partition: number
  readonly batches: number
}): number => {
  const dir = join(where.stackDir, 'kafka-1', 'data', `${where.topic}-${where.partition}`)
  const segment = readdirSync(dir)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .at(-1)
  if (segment === undefined) throw new Error(`no segment in ${dir}`)
  const path = join(dir, segment)
  const starts = batchStarts(readFileSync(path))
  const cut = Math.min(where.batches, starts.length)
  truncateSync(path, starts[starts.length - cut] ?? 0)
  // The broker makes its indexes again; a snapshot of producers above the end would be refused.
  for (const name of readdirSync(dir)) if (/\.(index|timeindex|snapshot)$/.test(name)) rmSync(join(dir, name))
  rmSync(join(where.stackDir, 'kafka-1', 'data', 'recovery-point-offset-checkpoint'), { force: true })
  rmSync(join(where.stackDir, 'kafka-1', 'data', '.kafka_cleanshutdown'), { force: true })
  return cut
}

const headerBytes = 12

const batchStarts = (bytes: Buffer): readonly number[] => {
  const starts: number[] = []
  for (let at = 0; at + headerBytes <= bytes.length; ) {
    const length = bytes.readInt32BE(at + 8)
    if (length <= 0 || at + headerBytes + length > bytes.length) break
    starts.push(at)
    at += headerBytes + length
  }
  return starts
}
