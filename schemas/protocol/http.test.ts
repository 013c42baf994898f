import { expect, test } from 'vitest'
import { parseLogin, parseRefresh, parseRegistration } from './http.ts'

const device = '6f1ed002-ab5f-4d3e-9c1a-0123456789ab'
const v7 = '0190a5c1-7d3e-7abc-8def-0123456789ab'

test.each([
  { name: 'ann', password: 'correct horse' },
  { name: 'ann', password: '😀'.repeat(8), displayName: 'Ann', clientMsgId: v7 },
  { name: 'ann', password: 'x'.repeat(256) },
])('a registration is accepted: %j', (body) => {
  expect(parseRegistration(body)).toEqual({ value: body })
})

test.each([
  undefined,
  null,
  [],
  'x',
  {},
  { name: 'ann' },
  { name: 'ann', password: 'short' },
  { name: 'ann', password: '😀'.repeat(7) },
  { name: 'ann', password: 'x'.repeat(257) },
  { name: ' ann', password: 'correct horse' },
  { name: 'ann', password: 'correct horse', displayName: '' },
  { name: 'ann', password: 'correct horse', admin: true },
  { name: 'ann', password: 'correct horse', clientMsgId: device },
])('a registration is refused: %j', (body) => {
  expect(parseRegistration(body)).toMatchObject({ error: 'invalid' })
})

test.each([
  { name: 'ann', password: 'x' },
  { name: '\u200bnobody', password: 'x', device },
  { userId: 12, password: 'x', device },
])('a login with anything that could be typed is looked up: %j', (body) => {
  expect(parseLogin(body)).toEqual({ value: body })
})

test.each([
  undefined,
  {},
  { name: 'ann' },
  { userId: 0, password: 'x' },
  { userId: 12, name: 'ann', password: 'x' },
  { name: 'ann', password: 'x', device: 'phone' },
  { name: 'a\0', password: 'x' },
])('a login is refused: %j', (body) => {
  expect(parseLogin(body)).toMatchObject({ error: 'invalid' })
})

test('a refresh carries its token and nothing else', () => {
  expect(parseRefresh({ refreshToken: 't' })).toEqual({ value: { refreshToken: 't' } })
  expect(parseRefresh({ refreshToken: '' })).toMatchObject({ error: 'invalid' })
  expect(parseRefresh({ refreshToken: 't', device })).toMatchObject({ error: 'invalid' })
})

test('a refusal does not repeat the password', () => {
  expect(JSON.stringify(parseRegistration({ name: 'ann', password: 'hunter2' }))).not.toContain('hunter2')
})
