import { createHmac } from 'node:crypto'
import { createFakeClock } from '@chat/testkit'
import { expect, test } from 'vitest'
import { accessTokenLifeMs, createTokens, type TokenKeys } from './tokens.ts'

const identity = { userId: 12, sessionId: 'session', device: 'device' }
const key = (fill: number) => new Uint8Array(32).fill(fill)
const withKeys = (keys: TokenKeys) => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  return { clock, tokens: createTokens({ keys, clock }) }
}
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const forge = (header: object, claims: object, secret: Uint8Array) => {
  const signed = `${encode(header)}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

test('a token says whose it is until it expires', async () => {
  const { tokens, clock } = withKeys([key(1)])
  const { accessToken, expiresAt } = tokens.sign(identity)
  expect(expiresAt).toBe(clock.now() + accessTokenLifeMs)
  expect(tokens.verify(accessToken)).toEqual(identity)
  await clock.advance(accessTokenLifeMs - 1)
  expect(tokens.verify(accessToken)).toEqual(identity)
  await clock.advance(1)
  expect(tokens.verify(accessToken)).toBeUndefined()
})

test('is the JWT that others expect: HS256 over header and claims', () => {
  const { tokens, clock } = withKeys([key(1)])
  const iat = clock.now() / 1000
  const claims = { sub: '12', sid: 'session', dev: 'device', iat, exp: iat + 900 }
  expect(tokens.sign(identity).accessToken).toBe(forge({ alg: 'HS256', typ: 'JWT' }, claims, key(1)))
})

test('after a change of keys both verify and the first signs', () => {
  const before = withKeys([key(1)]).tokens
  const between = withKeys([key(2), key(1)]).tokens
  const after = withKeys([key(2)]).tokens
  const old = before.sign(identity).accessToken
  expect(between.verify(old)).toEqual(identity)
  expect(after.verify(old)).toBeUndefined()
  expect(after.verify(between.sign(identity).accessToken)).toEqual(identity)
})

test('refuses what was not signed with a key of ours, in our way', () => {
  const { tokens, clock } = withKeys([key(1)])
  const { accessToken } = tokens.sign(identity)
  const [header = '', payload = '', mac = ''] = accessToken.split('.')
  const claims = { sub: '13', sid: 's', dev: 'd', exp: clock.now() / 1000 + 60 }
  const wrong = [
    '',
    'x',
    '..',
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${accessToken}.x`,
    `${header}.${encode(claims)}.${mac}`,
    forge({ alg: 'HS256', typ: 'JWT' }, claims, key(9)),
    forge({ alg: 'none', typ: 'JWT' }, claims, key(1)),
    `${encode({ alg: 'none' })}.${encode(claims)}.`,
    'é'.repeat(100),
    'x'.repeat(100_000),
  ]
  for (const token of wrong) expect(tokens.verify(token)).toBeUndefined()
})
