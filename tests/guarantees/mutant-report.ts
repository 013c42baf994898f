/** The numbered test of each guarantee. */
export const guaranteeTests: Readonly<Record<string, string>> = {
  G1: 'tests/guarantees/g01-acknowledged.test.ts',
  G2: 'tests/guarantees/g02-once.test.ts',
  G3: 'tests/guarantees/g03-dense.test.ts',
  G4: 'tests/guarantees/g04-order.test.ts',
  G5: 'tests/guarantees/g05-members.test.ts',
  G6: 'tests/guarantees/g06-away.test.ts',
  G7: 'tests/guarantees/g07-read-models.test.ts',
  G8: 'tests/guarantees/g08-zombies.test.ts',
  G9: 'tests/guarantees/g09-presence.test.ts',
  G10: 'tests/guarantees/g10-rebuilt.test.ts',
  G11: 'tests/guarantees/g11-refused.test.ts',
  G12: 'tests/guarantees/g12-stop.test.ts',
}

/** `broken`: the mutant does not even work where nothing goes wrong, so it shows nothing. */
export type Verdict = 'killed' | 'survived' | 'broken'

export interface MutantResult {
  readonly guarantee: string
  readonly file: string
  readonly line: number
  readonly code: string
  /** What stood in its place; undefined: nothing. */
  readonly by: string | undefined
  readonly smoke: string
  readonly verdict: Verdict
}

export interface Elsewhere {
  readonly guarantees: readonly string[]
  readonly file: string
  readonly line: number
  readonly code: string
  readonly shownBy: string
}

export const verdictOf = (smoke: string, test: string): Verdict => {
  if (smoke !== 'passed') return 'broken'
  return test === 'failed' ? 'killed' : 'survived'
}

const cell = (text: string): string => text.replaceAll('|', '\\|')
const quoted = (code: string): string => `\`${cell(code)}\``
const numberOf = (guarantee: string): number => Number(guarantee.slice(1))

/** The table that is committed. */
export const reportOf = (results: readonly MutantResult[], elsewhere: readonly Elsewhere[], commit: string): string => {
  const killed = results.filter(({ verdict }) => verdict === 'killed').length
  const rows = results
    .toSorted(
      (a, b) => numberOf(a.guarantee) - numberOf(b.guarantee) || a.file.localeCompare(b.file) || a.line - b.line,
    )
    .map(
      ({ guarantee, file, line, code, by, smoke, verdict }) =>
        `| ${guarantee} | ${file}:${line} | ${quoted(code)} | ${by === undefined ? '' : quoted(by)} | ${smoke} | ${verdict} |`,
    )
  return `# Mutants

Written by \`npm run guarantees -- --mutate\`, at ${commit}. Each line is code tagged \`[Gn]\`, taken out (or replaced, where removal alone
does not parse or start: \`replacements.ts\` says why). The mutant must still hold a whole conversation (smoke) and turn the test of its guarantee red.
${killed} of ${results.length} are killed.

|  | where | code | in its place | smoke | verdict |
|---|---|---|---|---|---|
${rows.join('\n')}

## Not run here

Code of adapters and servers, which the system in memory does not run:

|  | where | code | shown by |
|---|---|---|---|
${elsewhere
  .map(
    ({ guarantees, file, line, code, shownBy }) =>
      `| ${guarantees.join(' ')} | ${file}:${line} | ${quoted(code)} | ${shownBy} |`,
  )
  .join('\n')}
`
}
