import type { PasswordHasher } from '@chat/credentials'
import type { Metrics } from '@chat/runtime'

/** Counts the hashes that are asked for: reconnecting with an access token must cost none. */
export const createCountedHasher = (hasher: PasswordHasher, metrics: Metrics): PasswordHasher => {
  const hashes = metrics.counter('chat_connector_password_hashes_total', 'Password hashes made or compared')
  return {
    hash: (password) => {
      hashes.inc()
      return hasher.hash(password)
    },
    verify: (hash, password) => {
      hashes.inc()
      return hasher.verify(hash, password)
    },
  }
}
