import { waitUntil } from '@chat/testkit'
import { describe, expect, test } from 'vitest'
import { createCommandLine, type Json, startSeed } from './cli-runner.ts'

const password = 'seeds of sunflowers'
const size = ['--users', '8', '--rooms', '3', '--messages', '900', '--password', password]

/** `npm run seed`, as a process. */
export const testSeed = (urls: () => readonly string[]): void => {
  describe('the seed', () => {
    const seed = (...args: readonly string[]) => startSeed(urls()[0] ?? '', ...size, ...args)

    test('killed half-way and run again makes everything, each once; what is there stays', async () => {
      const first = seed()
      await waitUntil(() => first.out().includes('225/900 messages'), { deadlineMs: 60_000, what: 'some messages' })
      expect((await first.stop('SIGKILL')).code).toBe(null)
      const second = await seed().ended
      expect(second).toMatchObject({ code: 0, err: '' })
      expect(second.out).toContain('3 rooms: room1 to room3 (0 new)')
      expect(second.out).toContain(`8 users: user1 to user8, password: ${password}`)
      const third = await seed().ended
      expect(third.out).toContain('900 messages (0 new)')
      expect(third.out).not.toContain('\r')

      const line = createCommandLine(urls()[0] ?? '', password)
      await line.json('login', 'user1')
      const rooms = await Promise.all(
        ['#room1', '#room2', '#room3'].map((room) => line.json('history', room, '--limit', '10000')),
      )
      const texts = rooms.flat().flatMap(textOf)
      const numbers = texts.map((text) => Number(/\(seed (\d+)\)$/.exec(text)?.[1])).sort((a, b) => a - b)
      expect(numbers).toEqual(Array.from({ length: 900 }, (_, i) => i + 1))
      expect(await line.json('groups', 'members', '#room1')).toHaveLength(8)
      expect(await line.json('sessions')).toHaveLength(2) // His own, and that of the run that was killed.
      line.remove()
    }, 300_000)

    test('does not take users over whose password it has not', async () => {
      const { code, err } = await seed('--password', 'another password').ended
      expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('--password') })
    })

    test('says what is wrong with its numbers', async () => {
      expect(await seed('--users', '0').ended).toMatchObject({ code: 2, err: expect.stringContaining('--users') })
    })
  })
}

const textOf = ({ type, data }: Json): readonly string[] => (type === 'messagePosted' ? [data.body.text] : [])
