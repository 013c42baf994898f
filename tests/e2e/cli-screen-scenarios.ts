import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandLine, createCommandLine, program } from './cli-runner.ts'
import { createTerminals, type Terminal } from './tmux.ts'

/** The interactive client, as people have it before them: in a real terminal, with two of them who talk. */
export const testScreen = (urls: () => readonly string[], password: string): void => {
  describe('on the screen of a terminal', () => {
    const terminals = createTerminals()
    const lines: CommandLine[] = []
    const open = (line: CommandLine, size = { columns: 90, rows: 20 }): Promise<Terminal> =>
      terminals.open(program, { ...line.env, TERM: 'screen-256color', LANG: 'C.UTF-8' }, size)
    const cast = () => {
      const [dan, fay] = lines
      if (dan === undefined || fay === undefined) throw new Error('nobody is registered')
      return { dan, fay }
    }

    beforeAll(async () => {
      for (const name of ['dan', 'fay']) {
        const line = createCommandLine(urls()[lines.length % urls().length] ?? '', password)
        lines.push(line)
        expect(await line.run(['register', name])).toMatchObject({ code: 0 })
      }
      await cast().dan.json('groups', 'create', 'Kitchen', '--name', 'kitchen', '--member', 'fay')
    }, 60_000)

    afterAll(async () => {
      await terminals.close()
      for (const line of lines) line.remove()
    })

    test('two people talk: what one types the other reads, with an unread mark until then', async () => {
      const [dan, fay] = [await open(cast().dan), await open(cast().fay)]
      await dan.shows(/dan · .* · connected/)
      await fay.shows(/fay · .* · connected/)
      await dan.type('/open fay')
      await dan.press('Enter')
      await dan.shows(/fay · d\d+\.\d+ · online for/)
      await dan.type('hello 你好 👍')
      await dan.shows(/^> hello 你好 👍$/)
      await dan.press('Enter')
      await dan.shows(/│\d\d:\d\d 1 dan: hello 你好 👍/)
      await fay.shows(/● dan +\(1\)│/)
      expect((await fay.screen()).join('\n')).not.toContain('hello')
      await fay.press('Tab')
      await fay.shows(/│\d\d:\d\d 1 dan: hello 你好 👍/)
      await fay.shows(/● dan +│/)
      await fay.type('hi dan')
      await dan.shows('fay is typing')
      await fay.press('Enter')
      await dan.shows(/│\d\d:\d\d 2 fay: hi dan/)
      for (const terminal of [dan, fay]) await terminal.press('C-c')
      expect([await dan.exitCode(), await fay.exitCode()]).toEqual([0, 0])
    })

    test('commands stand behind a slash', async () => {
      const dan = await open(cast().dan)
      await dan.shows('connected')
      await dan.type('/help')
      await dan.press('Enter')
      await dan.shows('Tab, Shift-Tab')
      await dan.press('Escape')
      await dan.type('/open #kitchen')
      await dan.press('Enter')
      await dan.shows('dan created Kitchen')
      await dan.type('/members')
      await dan.press('Enter')
      await dan.shows(/dan +owner +online/)
      await dan.type('/stats fay')
      await dan.press('Enter')
      await dan.shows(/offline, seen|online for/)
      await dan.type('/stats nobody')
      await dan.press('Enter')
      await dan.shows('no_such_user')
      await dan.type('/msg #kitchen tea is ready')
      await dan.press('Enter')
      await dan.shows(/\d dan: tea is ready/)
      await dan.type('/quit')
      await dan.press('Enter')
      expect(await dan.exitCode()).toBe(0)
    })

    test('it fits the terminal whatever size that gets', async () => {
      const dan = await open(cast().dan)
      await dan.shows('connected')
      await dan.type('/open #kitchen')
      await dan.press('Enter')
      await dan.shows('tea is ready')
      await dan.resize(40, 8)
      const narrow = await dan.shows(/^Kitchen · g\d+$/)
      expect(narrow.join('\n')).not.toContain('Conversations')
      expect(narrow.slice(0, 8).at(-1)).toBe('>')
      await dan.resize(110, 16)
      const wide = await dan.shows('Conversations')
      expect(wide.slice(0, 16).at(-1)).toBe('>')
      await dan.press('C-c')
      expect(await dan.exitCode()).toBe(0)
    })

    test('what others write does nothing to the terminal', async () => {
      const { dan, fay } = cast()
      await fay.json('send', 'dan', '\x1b[2J\x1b[1;1HGONE\x1b]0;owned\x07 \u202eback\u202c \x9b31m done')
      const terminal = await open(dan)
      await terminal.shows('connected')
      await terminal.type('/open fay')
      await terminal.press('Enter')
      const rows = await terminal.shows('␛[2J␛[1;1HGONE␛]0;owned␇ back')
      expect(rows[0]).toContain('Conversations')
      await terminal.press('C-c')
      expect(await terminal.exitCode()).toBe(0)
    })

    test('without a terminal, or without a login, it says what to do', async () => {
      expect(await cast().dan.run([])).toMatchObject({ code: 2 })
      const nobody = createCommandLine(urls()[0] ?? '', password)
      const terminal = await open(nobody)
      expect(await terminal.exitCode()).toBe(4)
      await terminal.shows('chat login NAME')
      nobody.remove()
    })
  })
}
