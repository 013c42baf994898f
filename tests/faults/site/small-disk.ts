import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** A folder on a file system of its own that is nearly full. Needs root. */
export interface SmallDisk {
  /** Takes all that is free. */
  fill(): void
  /** Gives it back. */
  empty(): void
  /** What is on it goes back to where it was. Nobody may use the folder. */
  unmount(): void
}

/** Written at once while it is filled. */
const pieceBytes = 256 * 1024

/** Moves the folder's content to a tmpfs that has `spareMiB` free. Nobody may use the folder. */
export const mountSmallDisk = (dir: string, spareMiB: number): SmallDisk => {
  const aside = `${dir}.aside`
  const ballast = join(dir, 'ballast')
  const usedKiB = Number(execFileSync('du', ['-sk', dir], { encoding: 'utf8' }).split('\t')[0])
  renameSync(dir, aside)
  mkdirSync(dir)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${Math.ceil(usedKiB / 1024) + spareMiB}m`, 'tmpfs', dir])
  copy(aside, dir)
  return {
    fill: () => fill(ballast),
    empty: () => rmSync(ballast, { force: true }),
    unmount: () => {
      rmSync(ballast, { force: true })
      rmSync(aside, { recursive: true })
      mkdirSync(aside)
      copy(dir, aside)
      execFileSync('umount', [dir])
      rmSync(dir, { recursive: true })
      renameSync(aside, dir)
    },
  }
}

/** Sparse as it was: indexes are large files with little in them. */
const copy = (from: string, to: string): void => void execFileSync('cp', ['-a', '--sparse=always', `${from}/.`, to])

const fill = (path: string): void => {
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(pieceBytes))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error // That is what was wanted.
  } finally {
    closeSync(file)
  }
}
