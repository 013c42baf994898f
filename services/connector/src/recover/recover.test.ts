import { resetCodeHash } from '@chat/credentials'
import { createMemoryCredentials } from '@chat/credentials/memory'
import type { UserRow } from '@chat/read-models'
import { createFakeClock, createSeededRandom } from '@chat/testkit'
import { expect, test } from 'vitest'
import { recover } from './recover.ts'
import { parseRecoverArgs } from './recover-args.ts'

const users: readonly UserRow[] = Array.from({ length: 250 }, (_, i) => ({
  ...{ id: i + 1, name: `User${i}`, normalisedName: `user${i}`, displayName: `User ${i}` },
  ...{ registrationId: `r${i + 1}`, createdAt: 0, about: '', isOperator: false, isSuspended: false },
}))

const scene = () => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const random = createSeededRandom(1)
  const credentials = createMemoryCredentials({ random })
  const lines: string[] = []
  let pages = 0
  const ports = {
    ...{ clock, random, credentials },
    readModels: {
      userByName: async (name: string) => users.find(({ normalisedName }) => normalisedName === name),
      users: async (_query: string, after: string | undefined, limit: number) => {
        pages++
        const from = Number(after ?? 0)
        const items = users.slice(from, from + limit)
        return from + limit < users.length ? { items, next: String(from + limit) } : { items }
      },
    },
    write: async (line: string) => void lines.push(line),
  }
  return { ports, clock, credentials, lines, pages: () => pages }
}

test('one account: its code is told, and counts for seven days', async () => {
  const { ports, clock, credentials, lines } = scene()
  expect(await recover(ports, { kind: 'name', name: 'uSER7' })).toBe(1)
  const [id, name, code = ''] = (lines[0] ?? '').trimEnd().split('\t')
  expect([id, name]).toEqual(['8', 'User7'])
  const week = 7 * 24 * 60 * 60_000
  expect(await credentials.hasResetCode('r8', resetCodeHash(code), clock.now() + week - 1)).toBe(true)
  expect(await credentials.hasResetCode('r8', resetCodeHash(code), clock.now() + week)).toBe(false)
})

test('nobody of that name', async () => {
  const { ports, lines } = scene()
  expect(await recover(ports, { kind: 'name', name: 'nobody' })).toBe(0)
  expect(lines).toEqual([])
})

test('all accounts, page by page, each with a code of its own', async () => {
  const { ports, credentials, lines, clock, pages } = scene()
  expect(await recover(ports, { kind: 'all' })).toBe(users.length)
  expect(pages()).toBe(3)
  const told = lines.map((line) => line.trimEnd().split('\t'))
  expect(new Set(told.map(([, , code]) => code)).size).toBe(users.length)
  for (const [id, , code = ''] of told)
    expect(await credentials.hasResetCode(`r${id}`, resetCodeHash(code), clock.now())).toBe(true)
})

test('what is asked for', () => {
  expect(parseRecoverArgs(['ann'])).toEqual({ request: { kind: 'name', name: 'ann' }, isEmbedded: false })
  expect(parseRecoverArgs(['--all', '--embedded'])).toEqual({ request: { kind: 'all' }, isEmbedded: true })
  for (const wrong of [[], ['ann', '--all'], ['ann', 'ben'], ['--everybody']])
    expect(() => parseRecoverArgs(wrong)).toThrow('usage: npm run recover')
  expect(() => parseRecoverArgs(['--help'])).toThrow(expect.objectContaining({ code: 'help' }))
})
