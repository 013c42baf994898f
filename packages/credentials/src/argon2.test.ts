import { expect, test } from 'vitest'
import { createArgon2Hasher } from './argon2.ts'
import { noPassword } from './index.ts'

test('verifies the right password and no other', async () => {
  const hasher = createArgon2Hasher({ concurrency: 2, queueMax: 8 })
  const hash = await hasher.hash('correct horse')
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await hasher.verify(hash, 'correct horse')).toBe(true)
  expect(await hasher.verify(hash, 'correct horsf')).toBe(false)
})

test('two hashes of one password differ', async () => {
  const hasher = createArgon2Hasher({ concurrency: 2, queueMax: 8 })
  expect(await hasher.hash('password')).not.toBe(await hasher.hash('password'))
})

test('refuses a call beyond its queue and serves the ones that wait', async () => {
  const hasher = createArgon2Hasher({ concurrency: 1, queueMax: 2 })
  const accepted = [hasher.hash('a'), hasher.hash('b'), hasher.hash('c')]
  await expect(hasher.hash('d')).rejects.toMatchObject({ code: 'overloaded', isRetryable: true })
  expect(await Promise.all(accepted)).toHaveLength(3)
  expect(await hasher.hash('e')).toMatch(/^\$argon2id/)
})

test('a failed call gives its turn to the next', async () => {
  const hasher = createArgon2Hasher({ concurrency: 1, queueMax: 2 })
  await expect(hasher.verify('no hash', 'x')).rejects.toThrow()
  expect(await hasher.hash('a')).toMatch(/^\$argon2id/)
})

test('what stands for no password is checked like every hash, and no password fits', async () => {
  const hasher = createArgon2Hasher({ concurrency: 1, queueMax: 2 })
  for (const password of ['', 'x', noPassword]) expect(await hasher.verify(noPassword, password)).toBe(false)
})
