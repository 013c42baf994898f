/**
 * Kafka's murmur2 (org.apache.kafka.common.utils.Utils.murmur2, seed 0x9747b28c) over UTF-8, sign bit cleared: the partition rule.
 * Test vectors stand in murmur2-vectors.json.
 */
export const murmur2 = (text: string): number => {
  const data = new TextEncoder().encode(text)
  const view = new DataView(data.buffer)
  const m = 0x5bd1e995
  let h = (0x9747b28c ^ data.length) | 0
  const words = data.length >>> 2
  for (let i = 0; i < words; i++) {
    let k = Math.imul(view.getInt32(i * 4, true), m)
    k = Math.imul(k ^ (k >>> 24), m)
    h = Math.imul(h, m) ^ k
  }
  const tail = words * 4
  const left = data.length - tail
  if (left >= 3) h ^= view.getUint8(tail + 2) << 16
  if (left >= 2) h ^= view.getUint8(tail + 1) << 8
  if (left >= 1) h = Math.imul(h ^ view.getUint8(tail), m)
  h = Math.imul(h ^ (h >>> 13), m)
  return (h ^ (h >>> 15)) & 0x7fffffff
}

export const partitionOf = (text: string, partitions: number): number => murmur2(text) % partitions
