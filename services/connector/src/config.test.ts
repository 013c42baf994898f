import { ConfigError } from '@chat/runtime'
import { expect, test } from 'vitest'
import { readConfig } from './config.ts'

test('an empty environment gives a connector on this machine, reached where it listens', () => {
  expect(readConfig({})).toMatchObject({
    host: '127.0.0.1',
    port: 8080,
    publicUrl: 'http://127.0.0.1:8080',
    limits: 'on',
  })
  expect(readConfig({ CHAT_PUBLIC_URL: 'https://chat.example' })).toMatchObject({ publicUrl: 'https://chat.example' })
})

test('every problem is named in one error', () => {
  const read = () => readConfig({ CHAT_PORT: 'x', CHAT_LIMITS: 'maybe', CHAT_DRAIN_SPREAD_MS: '60000' })
  expect(read).toThrow(ConfigError)
  expect(read).toThrow(/CHAT_PORT[\s\S]*CHAT_DRAIN_SPREAD_MS[\s\S]*CHAT_LIMITS/)
})

test.each([
  ['::1', 'http://[::1]:8080'],
  ['2001:db8::7', 'http://[2001:db8::7]:8080'],
  ['localhost', 'http://localhost:8080'],
])('a connector that listens on %s is reached by %s', (host, publicUrl) => {
  expect(readConfig({ CHAT_HOST: host }).publicUrl).toBe(publicUrl)
})

test.each(['0.0.0.0', '::', '0:0:0:0:0:0:0:0'])(
  'a connector that listens on %s must be told what clients reach it by',
  (host) => {
    expect(() => readConfig({ CHAT_HOST: host, CHAT_LIMITS: 'maybe' })).toThrow(
      /CHAT_LIMITS[\s\S]*CHAT_PUBLIC_URL is required/,
    )
    const config = readConfig({ CHAT_HOST: host, CHAT_PUBLIC_URL: 'https://chat.example' })
    expect(config).toMatchObject({ host, publicUrl: 'https://chat.example' })
  },
)

test.each(['[::1]', 'fe80::1%eth0', 'a b'])('the host %s is refused at once', (host) => {
  expect(() => readConfig({ CHAT_HOST: host })).toThrow(/CHAT_HOST must be/)
})

test('a port that the system would choose cannot be told to clients', () => {
  expect(() => readConfig({ CHAT_PORT: '0' })).toThrow(/CHAT_PORT/)
})

test('clients of an older protocol are told the host of the public URL and the port, unless another host is named', () => {
  expect(readConfig({})).not.toHaveProperty('actionAddress')
  const port = { CHAT_DIALECT_ACTION_PORT: '8005' }
  expect(readConfig(port)).toMatchObject({ actionAddress: { host: '127.0.0.1', port: 8005 } })
  const url = { ...port, CHAT_PUBLIC_URL: 'https://chat.example:444/x' }
  expect(readConfig(url)).toMatchObject({ actionAddress: { host: 'chat.example', port: 8005 } })
  const named = { ...url, CHAT_DIALECT_PUBLIC_HOST: '[2001:db8::7]' }
  expect(readConfig(named)).toMatchObject({ actionAddress: { host: '[2001:db8::7]', port: 8005 } })
  const proxied = { ...url, CHAT_DIALECT_PUBLIC_PORT: '9005' }
  expect(readConfig(proxied)).toMatchObject({ actionAddress: { host: 'chat.example', port: 9005 } })
  expect(readConfig({ CHAT_DIALECT_PUBLIC_PORT: '9005' })).not.toHaveProperty('actionAddress')
  expect(readConfig({}).dialectActionOpen).toBe('false')
})

test.each(['chat.example:8005', 'http://chat.example', 'a b', 'chat.example/x', '2001:db8::7', 'me@chat.example'])(
  'older clients cannot be told to connect to the host %s',
  (host) => {
    expect(() => readConfig({ CHAT_DIALECT_PUBLIC_HOST: host, CHAT_DIALECT_TIME_ZONE: 'nowhere' })).toThrow(
      /CHAT_DIALECT_TIME_ZONE[\s\S]*CHAT_DIALECT_PUBLIC_HOST must be/,
    )
  },
)

test('older protocols are not spoken unless they have a port', () => {
  const names = ['JSON_TOID', 'JSON_TO', 'ENVELOPE', 'UNIT'].map((name) => `CHAT_DIALECT_${name}_PORT`)
  const portsOf = (config: ReturnType<typeof readConfig>) => [
    ...[config.dialectJsonToidPort, config.dialectJsonToPort, config.dialectEnvelopePort, config.dialectUnitPort],
  ]
  expect(portsOf(readConfig({}))).toEqual([0, 0, 0, 0])
  const env = Object.fromEntries(names.map((name, index) => [name, String(8_001 + index)]))
  expect(portsOf(readConfig(env))).toEqual([8_001, 8_002, 8_003, 8_004])
  for (const name of names) expect(() => readConfig({ [name]: '65536' })).toThrow(name)
  expect(() => readConfig({ CHAT_DIALECT_TIME_ZONE: 'Mars' })).toThrow('CHAT_DIALECT_TIME_ZONE')
})
