import { createDevice, registerAccount, waitUntil } from '@chat/testkit'
import { expect, test } from 'vitest'
import { connectDialect, type DialectClient, type Message } from './dialect-client.ts'

const deadlineMs = 20_000

export interface ImportedPlace {
  /** Where these are spoken, and where the page is. */
  readonly jsonTo: number
  readonly jsonToid: number
  readonly url: string
  /** Every id of the log is as large at least, every old number less. */
  readonly firstId: number
}

/** People of old-server-files.ts, who came from a server of `json-to`, in their old clients, in others and on the page. */
export const importedScenarios = (place: () => ImportedPlace): void => {
  const comeIn = async (port: number, number: number): Promise<DialectClient & { readonly answer: Message }> => {
    const client = connectDialect(port)
    // Who left a moment ago may not be free yet.
    const answer = await waitUntil(
      async () => {
        const one = await client.logIn(number)
        return one.errno === 2 ? undefined : one
      },
      { deadlineMs, everyMs: 200, what: `the login of ${number} is answered` },
    )
    return { ...client, answer }
  }
  const parsed = (message: Message | undefined, field: string): readonly Message[] =>
    ((message?.[field] ?? []) as string[]).map((text) => JSON.parse(text))
  const comesWith = (client: DialectClient, text: string) =>
    waitUntil(() => client.messages.find(({ msg }) => msg === text), { deadlineMs, what: `"${text}" comes` })

  test('friends, groups and members have their old numbers in the answer to the login and in what follows it', async () => {
    const one = await comeIn(place().jsonTo, 1)
    expect(one.answer).toMatchObject({ errno: 0, id: 1, name: 'old 1' })
    expect(new Set(parsed(one.answer, 'friends').map(({ id }) => id))).toEqual(new Set([2, 200]))
    const [group, ...others] = parsed(one.answer, 'groups')
    expect([group?.id, group?.groupname, group?.groupdesc, others]).toEqual([1, 'group 1', 'about, 1', []])
    const members = () => [
      ...parsed(group, 'users').map(({ id, name, role }) => `${id} ${name} ${role}`),
      ...one.messages
        .flatMap(({ msg }) => String(msg).split('; '))
        .flatMap((text) => {
          const { who, role } = /^group 1 member (?<who>.*) (?:online|offline) (?<role>\w+)$/.exec(text)?.groups ?? {}
          return who === undefined ? [] : [`${who} ${role}`]
        }),
    ]
    await waitUntil(() => members().length >= 13, { deadlineMs, what: 'all members are told' })
    const normal = Array.from({ length: 12 }, (_, index) => `${index + 2} old ${index + 2} normal`)
    expect(members().toSorted()).toEqual(['1 old 1 creator', ...normal].toSorted())
    one.close()
  })

  test('they write to each other and in their groups by old numbers', async () => {
    const [one, two] = [await comeIn(place().jsonTo, 1), await comeIn(place().jsonTo, 2)]
    one.send({ msgid: 5, id: 1, name: 'old 1', to: 2, msg: 'to you', time: '' })
    expect(await comesWith(two, 'to you')).toMatchObject({ msgid: 5, id: 1, name: 'old 1', to: 2 })
    two.send({ msgid: 9, id: 2, name: 'old 2', groupid: 1, msg: 'to all', time: '' })
    expect(await comesWith(one, 'to all')).toMatchObject({ msgid: 9, id: 2, name: 'old 2', groupid: 1 })
    one.send({ msgid: 9, id: 1, name: 'old 1', groupid: 777, msg: 'nowhere', time: '' })
    await waitUntil(
      () => one.messages.some(({ msg }) => String(msg).startsWith('your message to group 777 was not sent: ')),
      { deadlineMs, what: 'that there is no such group is told' },
    )
    one.close()
    two.close()
  })

  test('in the other dialect and on the page they have their ids', async () => {
    const { jsonTo, jsonToid, url, firstId } = place()
    const page = createDevice({ urls: [url], account: await registerAccount(url, 'page') })
    await page.connect()
    const idOf = async (name: string) => Number(((await page.request('user', { name })).user as { id: number }).id)
    const [oneId, twoId] = [await idOf('old 1'), await idOf('old 2')]
    expect(Math.min(oneId, twoId)).toBeGreaterThanOrEqual(firstId)
    const [one, two] = [await comeIn(jsonToid, oneId), await comeIn(jsonTo, 2)]
    expect(one.answer).toMatchObject({ errno: 0, id: oneId })
    expect(new Set(parsed(one.answer, 'friends').map(({ id }) => id))).toContain(twoId)
    expect((await comeIn(jsonToid, 2)).answer).toMatchObject({ errno: 1 })
    two.send({ msgid: 5, to: 1, msg: 'from the old client' })
    expect(await comesWith(one, 'from the old client')).toMatchObject({ msgid: 6, id: twoId, toid: oneId })
    one.send({ msgid: 6, toid: twoId, msg: 'from the other one' })
    expect(await comesWith(two, 'from the other one')).toMatchObject({ msgid: 5, id: 1, to: 2 })
    await page.request('friend.request', { user: twoId })
    await comesWith(two, `${page.userId} (page) asks to be your friend: add ${page.userId} to accept`)
    two.send({ msgid: 6, friendid: page.userId })
    await comesWith(two, `${page.userId} (page) is your friend now`)
    one.close()
    two.close()
    await page.close()
  })
}
