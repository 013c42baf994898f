/** What no file of the repo says, and why. */
const unwanted: readonly { readonly pattern: RegExp; readonly why: string }[] = [
  { pattern: /\.\.\/shared\b/, why: 'points outside of the repo' },
  { pattern: /registry\.npmjs\.org/, why: 'names a registry host' },
  { pattern: /"resolved": "https?:/, why: 'binds an installation to one registry host' },
]

const linesMax = 400
/** Nobody reads what a program wrote. */
const isSource = (path: string): boolean => path.endsWith('.ts') && !path.includes('/generated/')

/** Files that are too long, and mentions that do not belong here. Paths are relative to the repo. */
export const fileProblems = (paths: readonly string[], read: (path: string) => string): readonly string[] =>
  paths.flatMap((path) => {
    const text = read(path)
    if (text.includes('\0')) return [] // an image
    const lines = text.split('\n').length - 1
    return [
      ...(isSource(path) && lines > linesMax ? [`${path} has ${lines} lines, at most ${linesMax}`] : []),
      ...unwanted
        .filter(({ pattern }) => pattern.test(text))
        .map(({ pattern, why }) => `${path} ${why}: ${pattern.exec(text)?.[0]}`),
    ]
  })
