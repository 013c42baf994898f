import { execFileSync, spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exitCodeOf, flag, parseWords, usageFault } from '@chat/runtime'
import { guaranteeTests, type MutantResult, reportOf, verdictOf } from './mutant-report.ts'
import { onServers, replacements } from './replacements.ts'
import { mutate, type TaggedCode, taggedCode } from './tags.ts'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const smokeFile = 'tests/memory/whole-system.test.ts'
/** The test in it that nothing goes wrong in. */
const smokeTitle = 'a whole conversation'
const reportFile = 'tests/guarantees/mutants.md'
/** Copies in which mutants are tried side by side. */
const copiesMax = 2
/** One mutant's tests, ms: what has not ended by then hangs. */
const mutantMaxMs = 180_000
/** Shows that the mechanism works, where the whole table would take too long. */
const sample = [
  ['packages/domain/src/conversation.ts', "if (sighting.kind === 'repeated')"],
  ['services/router/src/partition.ts', "if (landing === 'missed')"],
  ['packages/read-models/src/sync-token.ts', 'if (kind === undefined'],
] as const

interface Mutant {
  readonly file: string
  readonly code: TaggedCode
  readonly by: string | undefined
}

const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()

/** Files of the tree: those that git knows or would take. */
const files = (): readonly string[] =>
  git('ls-files', '--cached', '--others', '--exclude-standard')
    .split('\n')
    .filter((file) => file !== '')

const isProduction = (file: string): boolean =>
  /^(packages|services)\/[^/]+\/src\/.*\.ts$/.test(file) && !/(\.i?test\.ts|\/test-[^/]*|\/generated\/.*)$/.test(file)

const mutantsOf = async (): Promise<readonly Mutant[]> => {
  const found: Mutant[] = []
  for (const file of files().filter(isProduction))
    for (const code of taggedCode(await readFile(join(root, file), 'utf8'))) {
      const replacement = replacements.find((other) => file.endsWith(other.file) && code.text.startsWith(other.code))
      found.push({ file, code, by: replacement?.by })
    }
  for (const { file, code } of replacements)
    if (!found.some((mutant) => mutant.file.endsWith(file) && mutant.code.text.startsWith(code)))
      throw new Error(`a replacement stands for nothing: ${file}, ${code}`)
  return found
}

/** A copy of the tree whose packages find each other, not those of the original. */
const copyTree = async (): Promise<string> => {
  const copy = await mkdtemp(join(tmpdir(), 'guarantees-'))
  for (const file of files()) await cp(join(root, file), join(copy, file), { verbatimSymlinks: true })
  const [original, modules] = [join(root, 'node_modules'), join(copy, 'node_modules')]
  await mkdir(join(modules, '@chat'), { recursive: true })
  for (const name of await readdir(original))
    if (name !== '@chat' && !name.startsWith('.')) await symlink(join(original, name), join(modules, name))
  await cp(join(original, '@chat'), join(modules, '@chat'), { recursive: true, verbatimSymlinks: true })
  return copy
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[]
  }[]
}

interface Statuses {
  readonly smoke: string
  of(test: string): string
}

/** Runs the smoke test and others in a copy. What hangs or does not even report has the status `none`. */
const runTests = async (copy: string, tests: readonly string[]): Promise<Statuses> => {
  const output = join(copy, 'report.json')
  await rm(output, { force: true })
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--project', 'unit', '--reporter=json', `--outputFile=${output}`, smokeFile, ...tests]
  const child = spawn(process.execPath, args, { cwd: copy, stdio: 'ignore' })
  const timer = setTimeout(() => child.kill('SIGKILL'), mutantMaxMs)
  await new Promise<void>((resolve, reject) => child.on('error', reject).on('close', () => resolve()))
  clearTimeout(timer)
  const text = await readFile(output, 'utf8').catch(() => '{"testResults":[]}') // Killed before it reported: no status.
  const report = JSON.parse(text) as VitestReport
  const fileOf = (file: string) => report.testResults.find(({ name }) => name.endsWith(file))
  const smoke = fileOf(smokeFile)?.assertionResults.find(({ title }) => title.startsWith(smokeTitle))
  return { smoke: smoke?.status ?? 'none', of: (test) => fileOf(test)?.status ?? 'none' }
}

const tryMutant = async (copy: string, { file, code, by }: Mutant): Promise<readonly MutantResult[]> => {
  const [path, source] = [join(copy, file), await readFile(join(root, file), 'utf8')]
  await writeFile(path, mutate(source, code, by))
  try {
    const tests = code.guarantees.map((guarantee) => ({ guarantee, test: guaranteeTests[guarantee] ?? '' }))
    const statuses = await runTests(
      copy,
      tests.map(({ test }) => test),
    )
    const { smoke } = statuses
    return tests.map(({ guarantee, test }) => ({
      ...{ guarantee, file, line: code.from + 1, code: code.text, by, smoke },
      verdict: verdictOf(smoke, statuses.of(test)),
    }))
  } finally {
    await writeFile(path, source)
  }
}

const tryAll = async (mutants: readonly Mutant[]): Promise<readonly MutantResult[]> => {
  const results: MutantResult[] = []
  const waiting = mutants.values()
  const work = async () => {
    const copy = await copyTree()
    try {
      for (const mutant of waiting)
        for (const result of await tryMutant(copy, mutant)) {
          results.push(result)
          console.log(`${result.guarantee} ${result.file}:${result.line} smoke ${result.smoke}: ${result.verdict}`)
        }
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
  }
  await Promise.all(Array.from({ length: Math.min(copiesMax, mutants.length) }, work))
  return results
}

const serverOf = (file: string) => onServers.find(({ path }) => path.test(file))

const chosen = (mutants: readonly Mutant[], wanted: string | undefined): readonly Mutant[] => {
  if (wanted === undefined) return mutants
  if (wanted !== 'sample') return mutants.filter(({ code }) => code.guarantees.includes(wanted))
  return sample.map(([file, text]) => {
    const found = mutants.find((mutant) => mutant.file === file && mutant.code.text.startsWith(text))
    if (found === undefined) throw new Error(`no such tagged code in ${file}: ${text}`)
    return found
  })
}

/** The commit that was tried. */
const commit = (): string =>
  git('rev-parse', '--short', 'HEAD') +
  (git('status', '--porcelain', '--', 'packages', 'services') === '' ? '' : ' and changes')

const runMutants = async (wanted: string | undefined): Promise<boolean> => {
  const all = await mutantsOf()
  const here = chosen(
    all.filter(({ file }) => serverOf(file) === undefined),
    wanted,
  )
  if (here.length === 0) throw new Error(`nothing is tagged [${wanted}]`)
  const results = await tryAll(here)
  if (wanted === undefined) {
    const elsewhere = all.flatMap(({ file, code }) => {
      const shownBy = serverOf(file)?.shownBy
      return shownBy === undefined
        ? []
        : [{ guarantees: code.guarantees, file, line: code.from + 1, code: code.text, shownBy }]
    })
    await writeFile(join(root, reportFile), reportOf(results, elsewhere, commit()))
  }
  const survivors = results.filter(({ verdict }) => verdict !== 'killed')
  console.log(`${results.length - survivors.length} of ${results.length} killed`)
  return survivors.length === 0
}

const runGuarantees = (): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const args = [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--project',
      'unit',
      ...Object.values(guaranteeTests),
    ]
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
    child.on('error', reject).on('close', (code) => resolve(code === 0))
  })

const usage = 'usage: npm run guarantees [-- --mutate [Gn | sample]]'

const run = async (): Promise<number> => {
  const { values, positionals } = parseWords(process.argv.slice(2), { mutate: flag }, usage)
  const [wanted, ...others] = positionals
  if (others.length > 0 || (wanted !== undefined && !values.mutate)) throw usageFault('one guarantee, or all', usage)
  return (await (values.mutate ? runMutants(wanted) : runGuarantees())) ? 0 : 1
}

process.exitCode = await exitCodeOf(run())
