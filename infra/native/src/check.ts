import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { floorProblems } from './check-floors.ts'
import { fileProblems } from './check-texts.ts'

/** `npm run check`: everything that can be said about the repo without running it. Every step runs; one that fails makes it exit 1. */
const root = fileURLToPath(new URL('../../../', import.meta.url))

interface Step {
  readonly name: string
  /** What is wrong; nothing when empty. */
  readonly run: () => readonly string[]
}

/** A tool that says what is wrong by itself and exits with another code than 0. */
const tool = (script: string, ...args: readonly string[]): readonly string[] => {
  const path = script.startsWith('file:') ? fileURLToPath(script) : script
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [path, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: outputBytesMax,
    env: { ...process.env, NO_COLOR: '1' },
  })
  if (status === 0) return []
  return [error?.message ?? '', stdout ?? '', stderr ?? ''].filter((text) => text.trim() !== '')
}

const outputBytesMax = 64 * 1024 * 1024

/** What git has or would take; a file deleted but not committed is none. */
const repoFiles = (): readonly string[] => {
  const { status, stdout, stderr } = spawnSync(
    'git',
    ['ls-files', '-z', '-co', '--exclude-standard', '--deduplicate'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
  if (status !== 0) throw new Error(`git ls-files: ${stderr}`)
  const deleted = spawnSync('git', ['ls-files', '-z', '-d'], { cwd: root, encoding: 'utf8' }).stdout.split('\0')
  return stdout.split('\0').filter((path) => path !== '' && !deleted.includes(path))
}

const readJson = (path: string) => JSON.parse(readFileSync(`${root}${path}`, 'utf8'))

const steps: readonly Step[] = [
  { name: 'types', run: () => tool('node_modules/typescript/bin/tsc', '-p', '.') },
  {
    name: 'format, lint and layers',
    run: () =>
      tool(
        import.meta.resolve('@biomejs/biome/bin/biome'),
        'ci',
        '--error-on-warnings',
        '--colors=off',
        '--max-diagnostics=200',
      ),
  },
  { name: 'dead code', run: () => tool('node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints') },
  {
    name: 'generated files',
    run: () => [...tool('schemas/src/generate.ts', '--check'), ...tool('infra/native/src/domain-hash.ts', '--check')],
  },
  {
    name: 'dependency floors',
    run: () => floorProblems(readJson('infra/native/floors.json'), readJson('package-lock.json').packages),
  },
  {
    name: 'file lengths and mentions',
    run: () => fileProblems(repoFiles(), (path) => readFileSync(`${root}${path}`, 'utf8')),
  },
]

const attempt = (step: Step): readonly string[] => {
  try {
    return step.run()
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

const failed = steps.filter((step) => {
  const startedAt = performance.now()
  const problems = attempt(step)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`${problems.length === 0 ? 'ok    ' : 'failed'} ${step.name} (${seconds} s)\n`)
  for (const problem of problems) process.stdout.write(`${problem.trimEnd()}\n`)
  return problems.length > 0
})

process.stdout.write(
  failed.length === 0
    ? `check: all ${steps.length} steps ok\n`
    : `check: ${failed.length} of ${steps.length} steps failed: ${failed.map(({ name }) => name).join('; ')}\n`,
)
process.exitCode = failed.length === 0 ? 0 : 1
