import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFakeClock } from '@chat/testkit'
import { type CryptoKey, exportJWK, exportPKCS8, exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ExternalTokenOptions, openExternalTokens } from './external-tokens.ts'

const [issuer, audience] = ['https://login.example', 'chat']
const startMs = Date.UTC(2026, 0, 1)
const clock = createFakeClock(startMs)
const folder = mkdtempSync(join(tmpdir(), 'chat-jwks-'))

type Pair = Awaited<ReturnType<typeof generateKeyPair>>
let ours: Pair
let foreign: Pair
let server: Server
let url: string
let served: () => { readonly status: number; readonly body: string }

beforeAll(async () => {
  ours = await generateKeyPair('ES256', { extractable: true })
  foreign = await generateKeyPair('ES256', { extractable: true })
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(ours.publicKey)), kid: 'one', alg: 'ES256' }] })
  served = () => ({ status: 200, body: keys })
  server = createServer((_, response) => {
    const { status, body } = served()
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`
})

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await new Promise((resolve) => server.close(resolve))
})

const open = (over: Partial<ExternalTokenOptions> = {}) =>
  openExternalTokens({
    ...{ jwksUrl: url, keyFile: undefined, issuer, audience, clock },
    ...{ nameClaim: 'preferred_username', displayNameClaim: 'name' },
    ...over,
  })

const sign = (claims: Readonly<Record<string, unknown>> = {}, key: CryptoKey = ours.privateKey, kid = 'one') =>
  new SignJWT({
    ...{ iss: issuer, aud: audience, sub: 's1', exp: startMs / 1000 + 60, preferred_username: 'ann', name: 'Ann B.' },
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid })
    .sign(key)

const keyFile = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('a token signed by a key of the JWKS tells who it is', async () => {
  const tokens = await open()
  const person = { issuer, subject: 's1', name: 'ann', displayName: 'Ann B.' }
  expect(await tokens.verify(await sign())).toEqual(person)
  expect(await tokens.verify(await sign({ aud: ['other', audience] }))).toEqual(person)
  const unnamed = await tokens.verify(await sign({ preferred_username: 7, name: null }))
  expect(unnamed).toEqual({ ...person, name: undefined, displayName: undefined })
  const byMail = await (await open({ nameClaim: 'email' })).verify(await sign({ email: 'a@b' }))
  expect(byMail).toMatchObject({ name: 'a@b' })
})

test('issuer, audience, expiry and subject must be there and right', async () => {
  const tokens = await open()
  const nowS = startMs / 1000
  for (const claims of [
    { iss: 'https://evil.example' },
    { iss: undefined },
    { aud: 'other' },
    { aud: undefined },
    { exp: nowS - 31 },
    { exp: undefined },
    { nbf: nowS + 31 },
    { sub: undefined },
    { sub: '' },
    { sub: 5 },
  ])
    expect(await tokens.verify(await sign(claims)), JSON.stringify(claims)).toBeUndefined()
  expect(await tokens.verify(await sign({ exp: nowS - 29 }))).toBeDefined()
})

test('another key, no signature, a shared secret and what is no token are refused', async () => {
  const tokens = await open()
  const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await sign()).split('.')[1]}.`
  const secret = await new SignJWT({ iss: issuer, aud: audience, sub: 's1', exp: startMs / 1000 + 60 })
    .setProtectedHeader({ alg: 'HS256', kid: 'one' })
    .sign(Buffer.alloc(32, 1))
  const [head, , signature] = (await sign()).split('.')
  const changed = `${head}.${Buffer.from(JSON.stringify({ iss: issuer, aud: audience, sub: 's2' })).toString('base64url')}.${signature}`
  for (const token of [
    await sign({}, foreign.privateKey),
    await sign({}, ours.privateKey, 'two'),
    ...[none, secret, changed, '', 'a.b.c', '{}', 'x'.repeat(5_000)],
  ])
    expect(await tokens.verify(token), token.slice(0, 40)).toBeUndefined()
})

test('keys that cannot be had are a fault, not a bad token', async () => {
  const before = served
  for (const answer of [
    { status: 500, body: '' },
    { status: 200, body: 'no keys' },
  ]) {
    served = () => answer
    await expect((await open()).verify(await sign())).rejects.toMatchObject({ code: 'external_keys_unavailable' })
  }
  served = before
  const nobody = await open({ jwksUrl: 'http://127.0.0.1:1/keys' })
  await expect(nobody.verify(await sign())).rejects.toMatchObject({ code: 'external_keys_unavailable' })
})

test('a key file holds PEM, a JWK or a JWK set', async () => {
  const jwk = { ...(await exportJWK(ours.publicKey)), alg: 'ES256' }
  for (const path of [
    keyFile('key.pem', await exportSPKI(ours.publicKey)),
    keyFile('key.json', JSON.stringify(jwk)),
    keyFile('keys.json', JSON.stringify({ keys: [jwk] })),
  ]) {
    const tokens = await open({ jwksUrl: undefined, keyFile: path })
    expect(await tokens.verify(await sign()), path).toMatchObject({ subject: 's1' })
    expect(await tokens.verify(await sign({}, foreign.privateKey)), path).toBeUndefined()
  }
})

test('a key file without public keys is refused with a sentence', async () => {
  for (const path of [
    join(folder, 'nowhere'),
    keyFile('empty', ''),
    keyFile('none.json', '{"keys":[]}'),
    keyFile('private.pem', await exportPKCS8(ours.privateKey)),
    keyFile('private.json', JSON.stringify(await exportJWK(ours.privateKey))),
    keyFile('secret.json', '{"kty":"oct","k":"c2VjcmV0"}'),
  ])
    await expect(open({ jwksUrl: undefined, keyFile: path }), path).rejects.toMatchObject({
      code: 'external_keys',
      isRetryable: false,
    })
})
