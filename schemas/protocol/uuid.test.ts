import { expect, test } from 'vitest'
import { isUuid, isUuidV7, uuidV7TimeMs } from './uuid.ts'

/** The example of RFC 9562, appendix A.6. */
const v7 = '017F22E2-79B0-7CC3-98C4-DC0C0C07398F'

test('the RFC example of version 7 is known and carries its time', () => {
  expect(isUuidV7(v7)).toBe(true)
  expect(uuidV7TimeMs(v7)).toBe(0x017f22e279b0)
})

test('other versions and variants are not version 7', () => {
  expect(isUuid('6f1ed002-ab5f-4d3e-9c1a-0123456789ab')).toBe(true)
  expect(isUuidV7('6f1ed002-ab5f-4d3e-9c1a-0123456789ab')).toBe(false)
  expect(isUuidV7('017f22e2-79b0-7cc3-c8c4-dc0c0c07398f')).toBe(false)
})

test.each(['', 'x', '017f22e279b07cc398c4dc0c0c07398f', `${v7}\n`, `{${v7}}`, v7.replace('F', 'G')])(
  '%j is no UUID',
  (text) => {
    expect(isUuid(text)).toBe(false)
  },
)
