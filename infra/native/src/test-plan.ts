export const projects = ['unit', 'integration', 'process'] as const
export type Project = (typeof projects)[number]

/** What `npm test -- …` asks for. */
export interface TestRequest {
  /** In the order in which they run. */
  readonly projects: readonly Project[]
  /** For vitest: file filters and options. */
  readonly passedOn: readonly string[]
}

/** `--project NAME` (repeatable) chooses; everything else is for vitest. Throws when there is no such project. */
export const parseTestArgs = (args: readonly string[]): TestRequest => {
  const chosen = new Set<Project>()
  const passedOn: string[] = []
  const rest = [...args]
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--project' || arg === '-p') chosen.add(parseProject(rest.shift()))
    else if (arg.startsWith('--project=')) chosen.add(parseProject(arg.slice('--project='.length)))
    else passedOn.push(arg)
  }
  return { projects: projects.filter((project) => chosen.size === 0 || chosen.has(project)), passedOn }
}

const parseProject = (name: string | undefined): Project => {
  const project = projects.find((candidate) => candidate === name)
  if (project === undefined) throw new Error(`there is no test project ${name ?? ''}: they are ${projects.join(' ')}`)
  return project
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 }

export const addCounts = (left: Counts, right: Counts): Counts => ({
  passed: left.passed + right.passed,
  failed: left.failed + right.failed,
  skipped: left.skipped + right.skipped,
})

export const describeCounts = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

/**
 * The counts in a report of vitest's json reporter. A file that failed without a failing test (it cannot be loaded, a hook threw) counts
 * as one failure, and so does a run that ended badly (`exitCode`) with nothing failing in its report, or without a report.
 */
export const countsOf = (report: unknown, exitCode: number | null): Counts => {
  const counts = filesOf(report).map(countsOfFile).reduce(addCounts, noCounts)
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

const countsOfFile = (file: unknown): Counts => {
  const statuses = listOf(file, 'assertionResults').map(statusOf)
  const counts = {
    passed: statuses.filter((status) => status === 'passed').length,
    failed: statuses.filter((status) => status === 'failed').length,
    skipped: statuses.filter((status) => status !== 'passed' && status !== 'failed').length,
  }
  return statusOf(file) === 'failed' && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

/**
 * The failures in such a report, a line or more each: the file, the test, and the first lines of what was wrong. They are told again at the
 * end of a run, whose output is long and may be cut.
 */
export const failuresOf = (report: unknown): readonly string[] =>
  filesOf(report).flatMap((file) => {
    const failed = listOf(file, 'assertionResults').filter((each) => statusOf(each) === 'failed')
    const tests = failed.map((each) =>
      describeFailure(
        `${textOf(file, 'name')} > ${textOf(each, 'fullName')}`,
        listOf(each, 'failureMessages').join('\n'),
      ),
    )
    const isFileAlone = statusOf(file) === 'failed' && tests.length === 0
    return isFileAlone ? [describeFailure(textOf(file, 'name'), textOf(file, 'message'))] : tests
  })

const failureLinesMax = 8

const describeFailure = (what: string, message: string): string =>
  [what, ...message.split('\n').slice(0, failureLinesMax)].join('\n  ')

const filesOf = (report: unknown): readonly unknown[] => listOf(report, 'testResults')

const listOf = (value: unknown, name: string): readonly unknown[] => {
  const list = (value as Record<string, unknown> | undefined)?.[name]
  return Array.isArray(list) ? list : []
}

const textOf = (value: unknown, name: string): string => String((value as Record<string, unknown>)[name] ?? '')

const statusOf = (value: unknown): unknown => (value as Record<string, unknown>).status
