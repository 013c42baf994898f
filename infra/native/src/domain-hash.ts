import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** What is hashed, and where the hash is kept. */
const source = new URL('../../../packages/domain/src/', import.meta.url)
const generated = 'generated/domain-hash.ts'

/** Whether a change of the file can change what states are: all of the package but its tests and the hash itself. */
export const isHashed = (path: string): boolean =>
  /\.(ts|js|json)$/.test(path) && !/(^|\/)test-[^/]*$|\.i?test\.ts$/.test(path) && !path.startsWith('generated/')

/** 16 hex digits over names and texts. */
export const hashOfFiles = (files: ReadonlyMap<string, string>): string => {
  const hash = createHash('sha256')
  for (const [path, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${path}\n${text.length}\n${text}`)
  return hash.digest('hex').slice(0, 16)
}

const readSource = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(source, { recursive: true, encoding: 'utf8' })
      .map((path) => path.replaceAll('\\', '/'))
      .filter(isHashed)
      .map((path) => [path, readFileSync(new URL(path, source), 'utf8')]),
  )

const generate = (): string =>
  [
    '// Generated from the files of this package by `npm run generate`. Do not edit.',
    '',
    '/** Changes with every change of this package: snapshots of another one are not used. */',
    `export const domainHash = '${hashOfFiles(readSource())}'`,
    '',
  ].join('\n')

const current = (): string | undefined => {
  try {
    return readFileSync(new URL(generated, source), 'utf8')
  } catch {
    return undefined // Not there yet is not current.
  }
}

/** `--check` changes nothing and fails when something would change. */
const main = (mode: string | undefined): void => {
  const wanted = generate()
  if (current() === wanted) return
  if (mode !== '--check') {
    mkdirSync(new URL('generated/', source), { recursive: true })
    writeFileSync(new URL(generated, source), wanted)
    return
  }
  process.stdout.write(`packages/domain/src/${generated} is not current: npm run generate\n`)
  process.exitCode = 1
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main(process.argv[2])
