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
