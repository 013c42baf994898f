import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { connectJson, dialectsOf, type JsonClient } from './json-client.ts'
import { startWorld } from './world.ts'

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

test.each(['json-to', 'json-toid'] as const)('%s: the golden transcript, byte by byte', async (name) => {
  const world = await startWorld({ connectors: 1 })
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
  const say = async (who: keyof typeof clients, text: string) => {
    lines.push(`${who} → ${text}`)
    clients[who].send(`${text}\0`)
    await world.clock.advance(2_000)
    for (const [name, client] of Object.entries(clients)) hear(name, client)
  }
  const { register, chat, addFriend, createGroup, joinGroup, groupChat, logOut, to } = numbers[name]
  await say('ann', `{"msgid":${register},"name":"ann","password":"1"}`)
  await say('ann', `{"msgid":${register},"name":"李雷","password":"2"}`)
  await say('ann', `{"msgid":${register},"name":"ann","password":"3"}`)
  await say('ann', '{"id":3,"msgid":1,"password":"2"}')
  await say('ann', '{"id":3,"msgid":1,"password":"1"}')
  await say('bob', '{"id":3,"msgid":1,"password":"1"}')
  const bobId = 4
  await say('bob', `{"id":${bobId},"msgid":1,"password":"2"}`)
  await say('ann', `{"msgid":${addFriend},"id":3,"friendid":${bobId}}`)
  await say('ann', `{"msgid":${createGroup},"id":3,"groupname":"茶","groupdesc":"d"}`)
  await say('bob', `{"msgid":${joinGroup},"id":${bobId},"groupid":8}`)
  await say(
    'ann',
    `{"msgid":${chat},"id":99,"name":"x","${to}":${bobId},"msg":"你好 \\"q\\"","time":"2020-01-01 00:00:00"}`,
  )
  await say('bob', `{"msgid":${groupChat},"id":${bobId},"name":"x","groupid":8,"msg":"hi all","time":""}`)
  await say('bob', `{"msgid":${logOut},"id":${bobId}}`)
  await say('ann', `{"msgid":${chat},"id":3,"name":"ann","${to}":${bobId},"msg":"missed","time":""}`)
  await say('ann', `{"msgid":${groupChat},"id":3,"name":"ann","groupid":8,"msg":"missed too","time":""}`)
  await say('bob', `{"id":${bobId},"msgid":1,"password":"2"}`)
  await say('bob', `{"msgid":${joinGroup},"id":${bobId},"groupid":8}`)
  await say('bob', '{"msgid":99}')
  await world.stop()
  const transcript = `${lines.join('\n')}\n`
  if (process.env.CHAT_WRITE_GOLDEN === '1') writeFileSync(golden(name), transcript)
  expect(transcript).toBe(readFileSync(golden(name), 'utf8'))
  expect(world.failures).toEqual([])
})
