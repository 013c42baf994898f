import { systemRandom } from '@chat/runtime/system'
import { expect, test } from 'vitest'
import { newResetCode, resetCodeHash } from './reset-code.ts'

test('codes are four groups of five characters that nobody confuses, and no two are alike', () => {
  const codes = Array.from({ length: 200 }, () => newResetCode(systemRandom))
  for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{5})(-[0-9A-HJKMNP-TV-Z]{5}){3}$/)
  expect(new Set(codes).size).toBe(200)
})

test('a code is read kindly, and the hash shows nothing of it', () => {
  const hash = resetCodeHash('10ABC-DEFGH-JKMNP-QRSTV')
  for (const typed of ['10abc defgh jkmnp qrstv', 'IOABCDEFGHJKMNPQRSTV', ' loABC-DEFGH-JKMNP-QRSTV\n'])
    expect(resetCodeHash(typed)).toBe(hash)
  expect(resetCodeHash('10ABC-DEFGH-JKMNP-QRSTW')).not.toBe(hash)
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
})
