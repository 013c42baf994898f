import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { murmur2, partitionOf } from './murmur2.ts'

/** Made by org.apache.kafka.common.utils.Utils of kafka-clients 4.3.0: toPositive(murmur2(UTF-8 bytes)). */
const vectors: readonly (readonly [string, number])[] = JSON.parse(
  readFileSync(new URL('../murmur2-vectors.json', import.meta.url), 'utf8'),
)

test('the hash is the one of Kafka', () => {
  expect(vectors.length).toBeGreaterThanOrEqual(50)
  expect(vectors.map(([text]) => [text, murmur2(text)])).toEqual(vectors)
})

test('a partition is the hash modulo P', () => {
  for (const [text, hash] of vectors) expect(partitionOf(text, 24)).toBe(hash % 24)
})
