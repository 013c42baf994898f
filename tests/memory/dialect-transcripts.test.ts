import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { firstId, importGroup, importUser } from './imported.ts'
import { connectJson, dialectsOf, type JsonClient } from './json-client.ts'
import { startWorld, type World } from './world.ts'

/**
 * What clients of a dialect said and were sent, byte by byte, as it once was: a stock client must be able to read it for ever. Written anew by
 * `CHAT_WRITE_GOLDEN=1`, which is right only where the protocol was misread.
 */
const golden = (name: string): URL => new URL(`golden-${name}.txt`, import.meta.url)

const numbers = {
  'json-to': { register: 3, chat: 5, addFriend: 6, createGroup: 7, joinGroup: 8, groupChat: 9, logOut: 10, to: 'to' },
  'json-toid': {
    register: 4,
    chat: 6,
    addFriend: 7,
    createGroup: 8,
    joinGroup: 9,
    groupChat: 10,
    logOut: 3,
    to: 'toid',
  },
} as const

type Name = keyof typeof numbers

/** The ids of ann, bob and tea in the transcript. */
const [annId, bobId, teaId] = [3, 4, 8]

/** One conversation in a world that has nothing yet. `meanwhile`: what else happens right after each line that was said. */
const transcriptOf = async (world: World, name: Name, meanwhile: (line: number) => Promise<void> = async () => {}) => {
  const dialects = dialectsOf(world)
  const lines: string[] = []
  const heard = new Map<string, number>()
  const clients = { ann: connectJson(world, dialects, name), bob: connectJson(world, dialects, name) }
  const hear = (who: string, client: JsonClient) => {
    for (const frame of client.frames.slice(heard.get(who) ?? 0)) {
      const json = frame.subarray(0, frame.indexOf(0))
      lines.push(`${who} ← ${json.toString('utf8')} + ${frame.length - json.length} NUL`)
    }
    heard.set(who, client.frames.length)
  }
  let said = 0
  const say = async (who: keyof typeof clients, text: string) => {
    lines.push(`${who} → ${text}`)
    const untilMs = world.clock.now() + 2_000
    clients[who].send(`${text}\0`)
    await meanwhile(++said)
    await world.clock.advance(untilMs - world.clock.now())
    for (const [name, client] of Object.entries(clients)) hear(name, client)
  }
  const { register, chat, addFriend, createGroup, joinGroup, groupChat, logOut, to } = numbers[name]
  await say('ann', `{"msgid":${register},"name":"ann","password":"1"}`)
  await say('ann', `{"msgid":${register},"name":"李雷","password":"2"}`)
  await say('ann', `{"msgid":${register},"name":"ann","password":"3"}`)
  await say('ann', `{"id":${annId},"msgid":1,"password":"2"}`)
  await say('ann', `{"id":${annId},"msgid":1,"password":"1"}`)
  await say('bob', `{"id":${annId},"msgid":1,"password":"1"}`)
  await say('bob', `{"id":${bobId},"msgid":1,"password":"2"}`)
  await say('ann', `{"msgid":${addFriend},"id":${annId},"friendid":${bobId}}`)
  await say('ann', `{"msgid":${createGroup},"id":${annId},"groupname":"茶","groupdesc":"d"}`)
  await say('bob', `{"msgid":${joinGroup},"id":${bobId},"groupid":${teaId}}`)
  await say(
    'ann',
    `{"msgid":${chat},"id":99,"name":"x","${to}":${bobId},"msg":"你好 \\"q\\"","time":"2020-01-01 00:00:00"}`,
  )
  await say('bob', `{"msgid":${groupChat},"id":${bobId},"name":"x","groupid":${teaId},"msg":"hi all","time":""}`)
  await say('bob', `{"msgid":${logOut},"id":${bobId}}`)
  await say('ann', `{"msgid":${chat},"id":${annId},"name":"ann","${to}":${bobId},"msg":"missed","time":""}`)
  await say('ann', `{"msgid":${groupChat},"id":${annId},"name":"ann","groupid":${teaId},"msg":"missed too","time":""}`)
  await say('bob', `{"id":${bobId},"msgid":1,"password":"2"}`)
  await say('bob', `{"msgid":${joinGroup},"id":${bobId},"groupid":${teaId}}`)
  await say('bob', '{"msgid":99}')
  await world.stop()
  expect(world.failures).toEqual([])
  return `${lines.join('\n')}\n`
}

test.each(['json-to', 'json-toid'] as const)('%s: the golden transcript, byte by byte', async (name) => {
  const transcript = await transcriptOf(await startWorld({ connectors: 1 }), name)
  if (process.env.CHAT_WRITE_GOLDEN === '1') writeFileSync(golden(name), transcript)
  expect(transcript).toBe(readFileSync(golden(name), 'utf8'))
})

test.each(['json-to', 'json-toid'] as const)(
  '%s: with old numbers for ids it is the same byte by byte, but for the ids that were new',
  async (name) => {
    const world = await startWorld({ connectors: 1, firstId })
    const normalisedNames = { 1: ['ann', annId], 2: ['李雷', bobId] } as const
    const transcript = await transcriptOf(world, name, async (line) => {
      if (line === 1 || line === 2) {
        const [user, oldId] = normalisedNames[line]
        await world.until(async () => (await world.readModels.userByName(user)) !== undefined)
        await importUser(world, user, name, oldId)
      }
      if (line !== 9) return
      await world.until(async () => (await world.readModels.groupByName('茶')) !== undefined)
      const group = await world.readModels.groupByName('茶')
      await importGroup(world, Number(group?.slice(1)), name, teaId)
    })
    const isNew = (text: string) => /"errno":0,"id":\d+\}|created: id/.test(text)
    const kept = (text: string) => text.split('\n').filter((line) => !isNew(line))
    const text = readFileSync(golden(name), 'utf8')
    expect(kept(transcript)).toEqual(kept(text))
    expect(text.split('\n').length - kept(text).length).toBe(3)
    expect(transcript.split('\n').filter((line) => line.includes(String(firstId).slice(0, 4))).length).toBe(3)
  },
)
