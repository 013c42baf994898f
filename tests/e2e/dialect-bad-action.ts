import { randomBytes } from 'node:crypto'
import { waitUntil } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connectAction } from './action-client.ts'
import { deep } from './dialect-bad-json.ts'
import { bytewise, strangeBytes, times } from './dialect-bad-tcp.ts'
import type { DialectTarget } from './dialect-target.ts'
import { connectRudeTcp } from './rude-tcp.ts'

const deadlineMs = 20_000
const fifty = 50

/** What is wrong with frames and requests of `action`. */
export const badAction = (target: () => DialectTarget): void => {
  describe('action', () => {
    const dial = async () => {
      const client = new WebSocket(`ws://127.0.0.1:${target().ports.ACTION}`)
      const heard: { readonly action: string; readonly data: Readonly<Record<string, unknown>> }[] = []
      client.on('message', (bytes) => void heard.push(JSON.parse(String(bytes))))
      await new Promise((resolve, reject) => client.once('open', resolve).once('error', reject))
      const hears = async (count: number) => {
        await waitUntil(() => heard.length >= count, {
          deadlineMs,
          what: () => `${count} frames come, not ${heard.length}`,
        })
        return heard
      }
      return { client, hears }
    }
    const loginFirst = { action: 'error', data: { code: 401, message: 'log in first', ext: '' } }
    const question = JSON.stringify({ id: 1, action: 'userInfo', data: { username: 'é' } })
    const bytes = Buffer.from(question)

    test('a frame in two fragments, cut at every byte, or in one of each byte, is answered; cut off or doubled it is refused', async () => {
      const { client, hears } = await dial()
      for (let at = 1; at < bytes.length; at++) {
        client.send(bytes.subarray(0, at), { binary: false, fin: false })
        client.send(bytes.subarray(at), { binary: false, fin: true })
      }
      for (const [at, part] of bytewise(bytes).entries())
        client.send(part, { binary: false, fin: at === bytes.length - 1 })
      const answers = await hears(bytes.length)
      expect(answers).toHaveLength(bytes.length)
      for (const answer of answers) expect(answer).toMatchObject(loginFirst)
      // Characters, not bytes: half of one is no text, and closes.
      for (let at = 0; at < question.length; at++) client.send(question.slice(0, at))
      client.send(question + question)
      const all = await hears(bytes.length + question.length + 1)
      for (const answer of all.slice(bytes.length))
        expect(answer).toMatchObject({ action: 'error', data: { code: 400 } })
      client.terminate()
    })

    test('fifty frames in one write are answered', async () => {
      const frame = Buffer.concat([Buffer.from([0x81, 0x80 + bytes.length, 0, 0, 0, 0]), bytes])
      const client = connectRudeTcp(target().ports.ACTION)
      const upgrade = `GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`
      await client.write(Buffer.from(upgrade))
      await client.receives(1)
      await client.write(times(fifty, frame))
      const count = () => client.received().toString('latin1').split('log in first').length - 1
      await waitUntil(() => count() === fifty, { deadlineMs, what: () => `${count()} are ${fifty}` })
      client.close()
    })

    test('each field of each request with each wrong type, unknown actions and those of servers are refused', async () => {
      const { client, hears } = await dial()
      const wrong = [null, true, 7, [], {}, undefined]
      const requests = [
        ...wrong.flatMap((username) => ['login', 'userInfo'].map((action) => ({ action, data: { username } }))),
        ...[true, 7, [], {}].map((password) => ({ action: 'login', data: { username: 'x', password } })),
        ...wrong.map((roomName) => ({ action: 'joinRoom', data: { roomName } })),
        ...wrong.map((message) => ({ action: 'chat', data: { to: 'x', message } })),
        ...wrong.map((to) => ({ action: 'chat', data: { to, message: 'x' } })),
        ...[true, 1.5, [7, 8], {}, 'many', '9'.repeat(400)].map((n) => ({ action: 'popular', data: { n } })),
        ...[5, [], 'x', true].map((data) => ({ action: 'userInfo', data })),
        ...[...wrong, 'logout', 'LOGIN', '__proto__'].map((action) => ({ action, data: { username: 'x' } })),
        ...['leaderConnect', 'syncServers', 'forwardMessage', 'WriteOffline'].map((action) => ({ action, data: {} })),
        { action: 'chat', data: { to: 'x', message: 'x', sourceNode: 'n' } },
        { action: 'chat', data: { to: 'x', message: 'x' }, sourceNode: 'n' },
      ]
      for (const one of requests) client.send(JSON.stringify(one))
      const answers = await hears(requests.length)
      expect(answers).toHaveLength(requests.length)
      for (const [index, answer] of answers.entries())
        expect(answer, JSON.stringify(requests[index])).toMatchObject({ action: 'error', data: { code: 400 } })
      client.terminate()
    })

    test('what is too deep is refused; too long, binary or half a character closes', async () => {
      const { client, hears } = await dial()
      for (const text of [deep(60_000), '9'.repeat(60_000), `{"action":"popular","data":{"n":${'9'.repeat(60_000)}}}`])
        client.send(text)
      for (const answer of await hears(3)) expect(answer).toMatchObject({ action: 'error', data: { code: 400 } })
      client.terminate()
      const closing: readonly (readonly [Buffer, object])[] = [
        [Buffer.alloc(70_000, 'x'), { binary: false }],
        [bytes, { binary: true }],
        [Buffer.from([0xc3]), { binary: false }],
      ]
      for (const [payload, options] of closing) {
        const { client: one } = await dial()
        const closed = new Promise((resolve) => one.once('close', resolve))
        one.send(payload, options)
        await closed
      }
    })

    test('strange bytes at either port close; a chat is of who is logged in', async () => {
      for (const port of [target().ports.ACTION, target().ports.ACTION_GATEWAY])
        for (const [, strange] of strangeBytes.slice(1)) {
          const client = connectRudeTcp(port)
          await client.write(strange, Buffer.from('\r\n\r\n'))
          await client.closed
        }
      const { from: ann } = target().innocentsOf('action')
      const [mallory, victim] = [connectAction(node()), connectAction(node())]
      await mallory.logIn('action-mallory')
      await victim.logIn('action-victim')
      mallory.say('chat', { from: ann.name, username: ann.name, to: 'action-victim', message: 'a chat' })
      await victim.comes('chat', { from: 'action-mallory', message: 'a chat' })
      for (const client of [mallory, victim]) client.close()
    })
    const node = () => ({ host: '127.0.0.1', port: target().ports.ACTION })
  })
}
