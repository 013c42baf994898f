import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { waitUntil } from '@chat/testkit'

/** A real terminal that a program runs in. */
export interface Terminal {
  /** What its rows show now, without blanks at their ends. */
  screen(): Promise<readonly string[]>
  /** Resolves with the screen once a row has it. */
  shows(text: string | RegExp): Promise<readonly string[]>
  type(text: string): Promise<void>
  /** A key by tmux's name: `Enter`, `Tab`, `C-c`. */
  press(...keys: readonly string[]): Promise<void>
  resize(columns: number, rows: number): Promise<void>
  /** Of the program, once it has ended. */
  exitCode(): Promise<number>
}

export interface Terminals {
  open(command: readonly string[], env: Readonly<Record<string, string>>, size: Size): Promise<Terminal>
  /** Ends them and what runs in them. */
  close(): Promise<void>
}

interface Size {
  readonly columns: number
  readonly rows: number
}

const run = promisify(execFile)
const shownWithinMs = 30_000
const ended = /^ended with (\d+)$/

/** On a server of tmux of their own. */
export const createTerminals = (): Terminals => {
  const folder = mkdtempSync(join(tmpdir(), 'chat-tmux-'))
  const tmux = async (...args: readonly string[]): Promise<string> =>
    (await run('tmux', ['-S', join(folder, 'socket'), '-f', '/dev/null', ...args])).stdout
  let count = 0
  const open: Terminals['open'] = async (command, env, { columns, rows }) => {
    const name = `t${++count}`
    const line = ['env', '-i', ...Object.entries(env).map(([key, value]) => `${key}=${value}`), ...command].map(quoted)
    // What it ended with stands on the screen that it gave back.
    const shell = `${line.join(' ')}; echo "ended with $?"; cat`
    await tmux('new-session', '-d', '-s', name, '-x', String(columns), '-y', String(rows), shell)
    const screen = async () => (await tmux('capture-pane', '-p', '-t', name)).split('\n').map((row) => row.trimEnd())
    const shows = async (text: string | RegExp) => {
      let last: readonly string[] = []
      const has = (row: string) => (typeof text === 'string' ? row.includes(text) : text.test(row))
      const seen = async () => {
        last = await screen()
        return last.some(has)
      }
      const what = () => `${text} on the screen:\n${last.join('\n')}`
      await waitUntil(seen, { deadlineMs: shownWithinMs, what, everyMs: 100 })
      return last
    }
    return {
      ...{ screen, shows },
      type: async (text) => void (await tmux('send-keys', '-t', name, '-l', text)),
      press: async (...keys) => void (await tmux('send-keys', '-t', name, ...keys)),
      resize: async (width, height) =>
        void (await tmux('resize-window', '-t', name, '-x', String(width), '-y', String(height))),
      exitCode: async () => {
        const row = (await shows(ended)).find((line) => ended.test(line)) ?? ''
        return Number(ended.exec(row)?.[1])
      },
    }
  }
  return {
    open,
    close: async () => {
      if (count > 0) await tmux('kill-server')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`
