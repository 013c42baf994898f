import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type ActionClient, actionClients } from './action-client.ts'
import { ask, join, say } from './people.ts'
import { startWorld } from './world.ts'

/** As dialect-transcripts.test.ts, of `action`: a stock client must be able to read it for ever. */
const golden = new URL('golden-action.txt', import.meta.url)

test('action: the golden transcript, byte by byte', async () => {
  const world = await startWorld({ connectors: 1 })
  const client = await actionClients(world)
  const maker = await join(world, 'maker', 0)
  const made = await ask(world, maker.client, {
    ...{ op: 'group.create', ref: 1, name: '茶', title: 'Tea', visibility: 'public', joinPolicy: 'open' },
  })
  await ask(world, maker.client, say(world, 2, { conversation: String(made.conversation) }, 'welcome'))
  const lines: string[] = []
  const clients: Record<string, ActionClient> = { ann: client(), bob: client() }
  const heard = new Map<string, number>()
  const speak = async (who: string, text: string) => {
    lines.push(`${who} → ${text}`)
    clients[who]?.memory.send(text)
    await world.clock.advance(2_000)
    for (const [name, { sent }] of Object.entries(clients)) {
      for (const frame of sent.slice(heard.get(name) ?? 0)) lines.push(`${name} ← ${frame}`)
      heard.set(name, sent.length)
    }
  }
  const chat = (to: string | null, roomName: string, message: string) =>
    JSON.stringify({
      ...{ id: 7, action: 'chat' },
      data: { format: 'text', from: 'x', to, roomName, ts: 1, isGroup: to === null, message },
    })
  await speak('ann', '{"id":1,"action":"login","data":{"username":"maker"}}')
  await speak('ann', '{"id":2,"action":"login","data":{"username":"ann"}}')
  await speak('bob', '{"id":3,"action":"login","data":{"username":"李雷"}}')
  await speak('ann', chat('李雷', '', '你好 "q" \u2028'))
  await speak('ann', chat('nobody', '', 'hi'))
  await speak('ann', chat(null, '茶', 'not yet'))
  await speak('ann', '{"id":4,"action":"joinRoom","data":{"roomName":"茶","username":"ann"}}')
  await speak('bob', '{"id":5,"action":"joinRoom","data":{"roomName":"茶","username":"x"}}')
  await speak('bob', chat(null, '茶', 'two two one'))
  await speak('ann', '{"id":6,"action":"userInfo","data":{"username":"李雷"}}')
  await speak('ann', '{"id":6,"action":"userInfo","data":{"username":"nobody"}}')
  await speak('ann', '{"id":8,"action":"popular","data":{"n":"2"}}')
  await speak('ann', '{"id":9,"action":"joinRoom","data":{"roomName":"x","username":"ann"}}')
  await speak('ann', '{"id":9,"action":"leaderConnect","data":{}}')
  await world.stop()
  const transcript = `${lines.join('\n')}\n`
  if (process.env.CHAT_WRITE_GOLDEN === '1') writeFileSync(golden, transcript)
  expect(transcript).toBe(readFileSync(golden, 'utf8'))
  expect(world.failures).toEqual([])
})
