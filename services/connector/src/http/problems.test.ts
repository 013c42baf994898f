import { expect, test } from 'vitest'
import { refusalOf } from './problems.ts'

const failure = (fields: { code?: string; statusCode?: number }) =>
  Object.assign(new Error('names an internal'), { name: 'Error', code: '', ...fields })

test.each([
  ['the framework’s own refusal', { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }, 'invalid'],
  ['a body that is too large', { code: 'FST_ERR_CTP_BODY_TOO_LARGE', statusCode: 413 }, 'too_large'],
  ['a body that was cut off', { code: 'ECONNRESET', statusCode: 400 }, 'invalid'],
  ['a failure of the framework', { code: 'FST_ERR_REP_INVALID_PAYLOAD_TYPE', statusCode: 500 }, 'internal'],
  ['somebody else’s error that carries a status', { code: 'E_OTHER', statusCode: 404 }, 'internal'],
  ['a broken line to something of ours', { code: 'ECONNRESET' }, 'internal'],
  ['a plain throw', {}, 'internal'],
])('%s is told apart', (_, fields, code) => {
  expect(refusalOf(failure(fields)).error).toBe(code)
})

test('what is internal says nothing of itself', () => {
  expect(JSON.stringify(refusalOf(failure({})))).not.toContain('names')
})
