import { Fault } from '@chat/runtime'
import { hash, verify } from '@node-rs/argon2'
import type { PasswordHasher } from './index.ts'

/**
 * argon2id as OWASP's password storage guide asks for: 19 MiB, 2 passes, 1 lane. Some 25 ms of one core. The parameters stand in
 * each hash, so others verify hashes made with these and the other way round. The library's default algorithm is argon2id.
 */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }

export interface Argon2Options {
  /** Hashes computed at the same time; each takes a thread of Node's pool (4 by default) and 19 MiB. */
  readonly concurrency: number
  /** Calls that may wait for a turn. One more throws Fault `overloaded`. */
  readonly queueMax: number
}

/** Waiting calls are served in order of arrival. */
export const createArgon2Hasher = ({ concurrency, queueMax }: Argon2Options): PasswordHasher => {
  const waiting: (() => void)[] = []
  let running = 0

  const takeTurn = async () => {
    if (running < concurrency) {
      running++
      return
    }
    if (waiting.length >= queueMax) throw new Fault('overloaded', `${queueMax} password checks wait already`)
    // The one that ends hands its turn over, so `running` stays as it is.
    await new Promise<void>((resolve) => waiting.push(resolve))
  }
  const giveTurn = () => {
    const next = waiting.shift()
    if (next === undefined) running--
    else next()
  }
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    await takeTurn()
    try {
      return await work()
    } finally {
      giveTurn()
    }
  }

  return {
    hash: (password) => inTurn(() => hash(password, parameters)),
    verify: (passwordHash, password) => inTurn(() => verify(passwordHash, password)),
  }
}
