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

/** The counts in a report of vitest's json reporter: as many failed as `failuresOf` tells. */
export const countsOf = (report: unknown, exitCode: number | null): Counts => {
  const statuses = filesOf(report).flatMap((file) => listOf(file, 'assertionResults').map(statusOf))
  return {
    passed: statuses.filter((status) => status === 'passed').length,
    failed: failuresOf(report, exitCode).length,
    skipped: statuses.filter((status) => status !== 'passed' && status !== 'failed').length,
  }
}

/**
 * The failures in such a report, a line or more each: the file, the test, and the first lines of what was wrong. A file that failed without
 * a failing test (it cannot be loaded, a hook threw) is one failure, and so is a run that ended badly (`exitCode`) with nothing failing in
 * its report, or without a report.
 */
export const failuresOf = (report: unknown, exitCode: number | null): readonly string[] => {
  const failures = filesOf(report).flatMap(failuresOfFile)
  return exitCode !== 0 && failures.length === 0
    ? [`ended with ${exitCode}, and its report names no failure`]
    : failures
}

const failuresOfFile = (file: unknown): readonly string[] => {
  const path = textOf(file, 'name')
  const failed = listOf(file, 'assertionResults').filter((each) => statusOf(each) === 'failed')
  if (failed.length === 0 && statusOf(file) === 'failed') return [describeFailure(path, textOf(file, 'message'))]
  return failed.map((each) =>
    describeFailure(`${path} > ${textOf(each, 'fullName')}`, listOf(each, 'failureMessages').join('\n')),
  )
}

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
