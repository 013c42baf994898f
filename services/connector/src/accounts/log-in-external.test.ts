import { Fault } from '@chat/runtime'
import { describe, expect, test } from 'vitest'
import type { CommandDraft, CommandOutcome } from '../ports.ts'
import type { ExternalPerson, ExternalTokens } from './external-tokens.ts'
import { address, ok, setUp } from './test-accounts.ts'

const issuer = 'https://login.example'

/** Tokens that are what they say: JSON of a person. */
const readable: ExternalTokens = {
  verify: async (token) => {
    if (token === 'bad') return undefined
    const person: Partial<ExternalPerson> = JSON.parse(token)
    return { issuer, subject: '', name: undefined, displayName: undefined, ...person }
  },
}
const tokenOf = (subject: string, more: Partial<ExternalPerson> = {}) => JSON.stringify({ subject, ...more })

/** A router that claims names, and a read model that sees them at once unless `isLate`. */
const scene = (over: { readonly taken?: readonly string[] } = {}) => {
  const names = new Set(over.taken ?? [])
  const drafts: (CommandDraft & { type: 'RegisterUser' })[] = []
  const submit = async (draft: CommandDraft): Promise<CommandOutcome> => {
    if (draft.type !== 'RegisterUser') throw new Error('only registrations here')
    if (names.has(draft.normalisedName)) return { outcome: 'rejected', code: 'name_taken' }
    names.add(draft.normalisedName)
    drafts.push(draft)
    world.submitted.push(draft)
    world.project()
    return world.accepted(drafts.length)
  }
  const world = setUp({ externalTokens: readable, commands: { submit } })
  const logIn = (externalToken: string) => world.accounts.logIn({ externalToken }, address)
  return { ...world, drafts, logIn }
}

describe("login by the host application's token", () => {
  test('the first makes the account, with the name that the token says, and each after it finds that account', async () => {
    const { logIn, drafts, accounts } = scene()
    const first = ok(await logIn(tokenOf('s1', { name: 'ann', displayName: 'Ann B.' })))
    expect(first).toMatchObject({ user: { id: 1, name: 'ann', displayName: 'Ann B.' } })
    expect(await accounts.authenticate(String(first.accessToken))).toMatchObject({ userId: 1 })
    const later = ok(await logIn(tokenOf('s1', { name: 'renamed' })))
    expect(later).toMatchObject({ user: { id: 1, name: 'ann' } })
    expect(drafts).toHaveLength(1)
  })

  test('who somebody is depends on issuer and subject, and on nothing else', async () => {
    const { logIn } = scene()
    const ids = []
    for (const [subject, from] of [
      ['s1', issuer],
      ['s2', issuer],
      ['s1', 'https://other.example'],
      ['s1', issuer],
    ] as const)
      ids.push(ok(await logIn(tokenOf(subject, { issuer: from, name: `${subject}${from.length}` }))).user)
    expect(ids).toMatchObject([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 1 }])
  })

  test('the account is found again when schema auth is lost', async () => {
    const { logIn, users, drafts } = scene()
    await logIn(tokenOf('s1', { name: 'ann' }))
    const after = scene()
    after.users.push(...users)
    after.submitted.push(...drafts)
    expect(ok(await after.logIn(tokenOf('s1', { name: 'ann' })))).toMatchObject({ user: { id: 1 } })
    expect(after.drafts).toEqual([])
  })

  test('many first logins of one person at once give one account, also when the token says another name each time', async () => {
    const { logIn, drafts } = scene()
    const tokens = Array.from({ length: 10 }, (_, i) => tokenOf('s1', { name: `ann${i % 3}` }))
    const answers = await Promise.all(tokens.map(logIn))
    expect(new Set(answers.map((answer) => JSON.stringify(ok(answer).user))).size).toBe(1)
    expect(drafts).toHaveLength(1)
  })

  test("a name that is somebody else's is told apart by the end, and belongs to whoever has it", async () => {
    const { logIn } = scene({ taken: ['ann'] })
    const { user } = ok(await logIn(tokenOf('s1', { name: 'ann' })))
    expect(user).toMatchObject({ name: expect.stringMatching(/^ann-[0-9a-f]{6}$/) })
    expect(ok(await logIn(tokenOf('s1', { name: 'ann' }))).user).toEqual(user)
  })

  test('a claim that is no allowed name, or none, gives a name that says nothing', async () => {
    const { logIn } = scene()
    for (const [i, name] of [undefined, '', 'a\u0007b', 'x'.repeat(65)].entries())
      expect(ok(await logIn(tokenOf(`s${i}`, name === undefined ? {} : { name }))).user).toMatchObject({
        name: expect.stringMatching(/^user-[0-9a-f]{6}$/),
      })
  })

  test('a name too long to be told apart by its end is replaced', async () => {
    const name = 'x'.repeat(64)
    const { logIn } = scene({ taken: [name] })
    expect(ok(await logIn(tokenOf('s1', { name }))).user).toMatchObject({ name: expect.stringMatching(/^user-/) })
  })

  test('when all names that it could get are taken it is refused, and no account is made', async () => {
    const { logIn, drafts } = scene({ taken: ['ann'] })
    const { user } = ok(await logIn(tokenOf('s1', { name: 'ann' }))) as { user: { name: string } }
    const again = scene({ taken: ['ann', user.name] })
    expect(await again.logIn(tokenOf('s1', { name: 'ann' }))).toMatchObject({ error: 'name_taken' })
    expect([drafts.length, again.drafts.length]).toEqual([1, 0])
  })

  test('a bad token is refused and counts as a failed login of its address', async () => {
    const { logIn } = scene()
    for (let i = 0; i < 10; i++) expect(await logIn('bad')).toMatchObject({ error: 'bad_credentials' })
    expect(await logIn('bad')).toMatchObject({ error: 'rate_limited' })
    expect(await logIn(tokenOf('s1', { name: 'ann' }))).toHaveProperty('ok')
  })

  test('a read model that is behind makes nobody new', async () => {
    const { logIn, state, clock, drafts } = scene()
    state.isBehind = true
    const answer = logIn(tokenOf('s1', { name: 'ann' }))
    await clock.advance(1000)
    expect(await answer).toMatchObject({ error: 'unavailable' })
    expect(drafts).toEqual([])
  })

  test('keys that cannot be had make it unavailable; a server without external login says so', async () => {
    const away = setUp({
      externalTokens: { verify: () => Promise.reject(new Fault('external_keys_unavailable', 'away')) },
    })
    expect(await away.accounts.logIn({ externalToken: 'x' }, address)).toMatchObject({ error: 'unavailable' })
    expect(await setUp().accounts.logIn({ externalToken: 'x' }, address)).toMatchObject({ error: 'invalid' })
  })
})
