import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Account, createDevice, type Device, getJson, logIn, registerAccount, waitUntil } from '@chat/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'

interface Venue {
  /** Base URLs of its connectors; one may stand for several. */
  readonly urls: readonly string[]
  close(): Promise<void>
}

/** Opens a system whose connectors are given these settings. */
type OpenVenue = (env: Readonly<Record<string, string>>) => Promise<Venue>

type Item = Readonly<Record<string, unknown>>

/** Search, popular words and the word filter, from outside: the same on every system. */
export const testSearch = (open: OpenVenue): void => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-words-'))
  const list = (words: string) => writeFileSync(join(folder, 'en.txt'), words)
  let venue: Venue | undefined
  const people: { readonly account: Account; readonly device: Device; readonly url: string; readonly token: string }[] =
    []

  beforeAll(async () => {
    list('badword\n')
    venue = await open({ CHAT_WORD_FILTER: 'mask', CHAT_WORD_FILTER_DIR: folder })
    for (const [index, name] of ['ann', 'bob', 'eve'].entries()) {
      const url = venue.urls[index % venue.urls.length] ?? ''
      const account = await registerAccount(url, name)
      const device = createDevice({ urls: [url], account })
      await device.connect()
      people.push({ account, device, url, token: await logIn(url, account, randomUUID()) })
    }
  }, 180_000)

  afterAll(async () => {
    await Promise.all(people.map(({ device }) => device.close()))
    await venue?.close()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  const person = (index: number) => {
    const found = people[index]
    if (found === undefined) throw new Error(`no person ${index}`)
    return found
  }

  /** By HTTP, as of this position of the log. */
  const read = async (index: number, path: string, position: string): Promise<Item> => {
    const { url, token } = person(index)
    const { status, body } = await getJson(`${url}${path}${path.includes('?') ? '&' : '?'}minPos=${position}`, token)
    return { ...body, status }
  }

  const directOf = (a: number, b: number) => {
    const [lo = 0, hi = 0] = [person(a).account.userId, person(b).account.userId].sort((x, y) => x - y)
    return `d${lo}.${hi}`
  }

  const snippets = (answer: Item) => (answer.items as Item[]).map(({ snippet }) => snippet)

  test('messages are found by their words, by those who may read them only, and listed words are masked', async () => {
    const [ann, bob, eve] = [person(0), person(1), person(2)]
    const direct = directOf(0, 1)
    await ann.device.send(direct, 'a needle in the haystack')
    await bob.device.send(direct, '明日は東京に行きます')
    const { position } = await ann.device.send(direct, 'the NEEDLE is a xxbadword1')
    const found = await read(1, '/v1/search?q=needle', position)
    expect(snippets(found)).toEqual(['the NEEDLE is a xx*******1', 'a needle in the haystack'])
    expect((found.items as Item[])[1]).toMatchObject({
      conversation: direct,
      seq: 1,
      actor: ann.account.userId,
      highlights: [[2, 8]],
    })
    expect(snippets(await read(0, `/v1/search?q=${encodeURIComponent('東京')}`, position))).toHaveLength(1)
    expect(snippets(await read(2, '/v1/search?q=needle', position))).toEqual([])
    expect(await read(2, `/v1/search?q=needle&conversation=${direct}`, position)).toMatchObject({
      status: 404,
      code: 'not_found',
    })
    expect((await eve.device.request('search', { query: `' or 1=1 --` })).items).toEqual([])
    expect(await read(0, '/v1/search?q=a&query=b', position)).toMatchObject({ status: 400, code: 'invalid' })
    expect(await read(0, '/v1/search', position)).toMatchObject({ status: 400, code: 'invalid' })
  })

  test('popular words are those of open rooms, without listed ones', async () => {
    const [ann, bob] = [person(0), person(1)]
    const { conversation } = await ann.device.request('group.create', {
      ...{ name: `room-${randomUUID()}`, title: 'room', visibility: 'public' },
    })
    await ann.device.send(String(conversation), 'zebra zebra badword')
    const last = await ann.device.send(String(conversation), 'Zebra okapi')
    await bob.device.send(directOf(0, 1), 'secretword')
    const { words } = await read(1, '/v1/popular-words?n=100', last.position)
    expect(words).toEqual([
      { word: 'zebra', count: 3 },
      { word: 'okapi', count: 1 },
    ])
    expect((await bob.device.request('popular', { from: '2020-01-01T00:00:00Z', n: 1 })).words).toEqual([
      { word: 'zebra', count: 3 },
    ])
    expect(await read(0, '/v1/popular-words?from=yesterday', last.position)).toMatchObject({ status: 400 })
  })

  test('a changed word list is in force on every connector without a restart, also for what was written before', async () => {
    const { position } = await person(0).device.send(directOf(0, 1), 'otherword')
    list('otherword\nokapi\n')
    for (const index of [0, 1])
      await waitUntil(async () => snippets(await read(index, '/v1/search?q=otherword', position))[0] === '*********', {
        deadlineMs: 20_000,
        what: 'the new list is in force',
      })
    expect(snippets(await read(1, '/v1/search?q=badword', position))).toEqual([])
    expect(snippets(await read(1, '/v1/search?q=xxbadword1', position))).toEqual(['the NEEDLE is a xxbadword1'])
    expect((await read(0, '/v1/popular-words?n=2', position)).words).toEqual([
      { word: 'zebra', count: 3 },
      { word: 'badword', count: 1 },
    ])
  })
}
