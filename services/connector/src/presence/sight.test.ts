import { expect, test } from 'vitest'
import { endedGraceMs, graceMs, look, type Sight, type Sighting, unseen } from './sight.ts'

const start = Date.UTC(2026, 0, 1)
const online = (sinceMs = start): Sighting => ({ kind: 'online', sinceMs })
const nowhere: Sighting = { kind: 'nowhere' }
const ended: Sighting = { kind: 'ended' }

/** Looks, one a second; false: what it finds is not trusted. */
const after = (...looks: readonly (Sighting | readonly [Sighting, boolean])[]): Sight =>
  looks.reduce<Sight>((sight, each, second) => {
    const [found, isTrusted] = 'kind' in each ? [each, true] : each
    return look(sight, { found, isTrusted, atMs: second * 1000, now: start + second * 1000 })
  }, unseen)

test('who is found is online since presence says, and stays so however often he is found', () => {
  expect(after(online(5)).shown).toEqual({ isOnline: true, sinceMs: 5 })
  expect(after(online(5), online(7)).shown).toEqual({ isOnline: true, sinceMs: 5 })
})

test('who was never found is offline', () => {
  expect(after(nowhere).shown).toEqual({ isOnline: false, lastSeenMs: undefined })
  expect(after(ended).shown).toEqual({ isOnline: false, lastSeenMs: undefined })
})

test('who is missed is online until the grace period is over, and was last seen when he was missed first', () => {
  const missed = Array.from({ length: graceMs / 1000 }, () => nowhere)
  expect(after(online(), ...missed).shown).toEqual({ isOnline: true, sinceMs: start })
  expect(after(online(), ...missed, nowhere).shown).toEqual({ isOnline: false, lastSeenMs: start + 1000 })
})

test('who comes back within it never went', () => {
  const missed = Array.from({ length: graceMs / 1000 }, () => nowhere)
  expect(after(online(), ...missed, online(start + 9), ...missed).shown).toEqual({ isOnline: true, sinceMs: start })
})

test('whose connector ended without a goodbye is given less, as his lease outlived it', () => {
  const missed = Array.from({ length: endedGraceMs / 1000 }, () => ended)
  expect(after(online(), ...missed).shown?.isOnline).toBe(true)
  expect(after(online(), ...missed, ended).shown?.isOnline).toBe(false)
})

test('where presence is not trusted nobody goes, who comes is shown, and nobody is called offline', () => {
  const untrusted = Array.from({ length: 20 }, () => [nowhere, false] as const)
  expect(after(online(), ...untrusted).shown).toEqual({ isOnline: true, sinceMs: start })
  expect(after(...untrusted).shown).toBeUndefined()
  expect(after(...untrusted, [online(9), false]).shown).toEqual({ isOnline: true, sinceMs: 9 })
})

test('the grace period begins when presence can be trusted again', () => {
  const untrusted = Array.from({ length: 20 }, () => [nowhere, false] as const)
  expect(after(online(), nowhere, nowhere, ...untrusted, nowhere, nowhere).shown?.isOnline).toBe(true)
})
