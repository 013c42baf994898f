import { expect, test } from 'vitest'
import { walk } from './walk.ts'

const isLong = process.env.CHAT_TEST_LONG === '1'
const deeds = isLong ? 20_000 : 6_000
const users = isLong ? 50 : 20

test(`${deeds} random deeds of ${users} people are answered by the rules, and everybody is shown what came of them`, async () => {
  const { differences, answers } = await walk({ seed: 1, users, deeds })
  expect(differences).toEqual([])
  const kinds = new Set([...answers.keys()].map((key) => key.split(' ')[0]))
  expect(kinds.size, 'kinds of deeds').toBeGreaterThanOrEqual(28)
  const codes = new Set([...answers.keys()].map((key) => key.split(' ')[1]))
  expect([...codes].toSorted()).toEqual(
    expect.arrayContaining(['banned', 'blocked', 'forbidden', 'muted', 'not_found', 'not_member', 'ok']),
  )
}, 600_000)
