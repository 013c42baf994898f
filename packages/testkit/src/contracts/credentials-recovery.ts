import type { Credentials } from '@chat/credentials'
import { expect, test } from 'vitest'

const startMs = Date.UTC(2031, 0, 1)
const lifeMs = 7 * 24 * 60 * 60_000

/** How a password is set anew, and which name somebody from another login gets. */
export const recoveryTests = (get: () => Credentials): void => {
  const putCode = (registrationId: string, codeHash: string) =>
    get().putResetCodes([{ registrationId, codeHash, expiresAt: startMs + lifeMs }])
  const reset = (registrationId: string, codeHash: string, now = startMs) =>
    get().resetPassword({ userId: 300, registrationId, codeHash, newHash: `new of ${codeHash}` }, now)

  test('a reset code sets the password, once, and ends all sessions', async () => {
    await get().insertCredential('reset', 'old', startMs)
    const session = { id: 'reset-session', userId: 300, device: 'd', createdAt: startMs, expiresAt: startMs + lifeMs }
    await get().beginSession(session)
    await putCode('reset', 'code')
    expect(await get().hasResetCode('reset', 'code', startMs)).toBe(true)
    expect(await get().hasResetCode('reset', 'other', startMs)).toBe(false)
    expect(await get().hasResetCode('unknown', 'code', startMs)).toBe(false)
    expect(await reset('reset', 'other')).toBeUndefined()
    expect(await get().passwordHash('reset')).toBe('old')
    expect(await reset('reset', 'code')).toEqual(['reset-session'])
    expect(await get().passwordHash('reset')).toBe('new of code')
    expect(await get().session('reset-session', startMs)).toBeUndefined()
    expect(await reset('reset', 'code')).toBeUndefined()
    expect(await get().hasResetCode('reset', 'code', startMs)).toBe(false)
  })

  test('a reset code makes a credential where there is none, and no sweep takes that away', async () => {
    await putCode('lost', 'code')
    expect(await reset('lost', 'code')).toEqual([])
    expect(await get().passwordHash('lost')).toBe('new of code')
    await get().sweep(startMs + lifeMs, async (ids) => new Set(ids))
    expect(await get().passwordHash('lost')).toBe('new of code')
  })

  test('a later code takes the place of an earlier one, and codes expire', async () => {
    await putCode('later', 'first')
    await putCode('later', 'second')
    expect(await reset('later', 'first')).toBeUndefined()
    expect(await get().hasResetCode('later', 'second', startMs + lifeMs)).toBe(false)
    expect(await reset('later', 'second', startMs + lifeMs)).toBeUndefined()
    expect(await reset('later', 'second', startMs + lifeMs - 1)).toEqual([])
  })

  test('a code presented many times at once is taken once', async () => {
    await putCode('at once', 'code')
    const resets = await Promise.all(Array.from({ length: 8 }, () => reset('at once', 'code')))
    expect(resets.filter((ended) => ended !== undefined)).toHaveLength(1)
  })

  test('gives out many codes at a time, and none', async () => {
    await get().putResetCodes([])
    const ids = Array.from({ length: 100 }, (_, i) => `many-${i}`)
    await get().putResetCodes(ids.map((id) => ({ registrationId: id, codeHash: `code ${id}`, expiresAt: startMs + 1 })))
    for (const id of [ids[0], ids[99]]) expect(await get().hasResetCode(id ?? '', `code ${id}`, startMs)).toBe(true)
  })

  test("a user's data is given out once in a while, however often it is asked for at once", async () => {
    const begin = (now: number) => get().beginExport(310, now, 1000)
    const waits = await Promise.all(Array.from({ length: 8 }, () => begin(startMs)))
    expect(waits.sort((a, b) => a - b)).toEqual([0, ...Array.from({ length: 7 }, () => 1000)])
    expect(await begin(startMs + 400)).toBe(600)
    await get().forgetExport(310, startMs + 1)
    expect(await begin(startMs + 400)).toBe(600)
    expect(await begin(startMs + 1000)).toBe(0)
    await get().forgetExport(310, startMs + 1000)
    expect(await begin(startMs + 1001)).toBe(0)
    expect(await get().beginExport(311, startMs, 1000)).toBe(0)
  })

  test('the first name that is proposed for a person of another login is kept', async () => {
    expect(await get().agreeExternalName('ext-1', 'ann')).toBe('ann')
    expect(await get().agreeExternalName('ext-1', 'anna')).toBe('ann')
    const agreed = await Promise.all(Array.from({ length: 8 }, (_, i) => get().agreeExternalName('ext-2', `n${i}`)))
    expect(new Set(agreed).size).toBe(1)
  })
}
