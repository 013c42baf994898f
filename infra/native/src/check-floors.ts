/** `packages` of package-lock.json: path in the tree → what is installed there. */
type Locked = Readonly<Record<string, { readonly version?: string }>>

/**
 * Every installed copy of a package, however deep, is at least of its floor: the first release without a known weakness that matters here.
 * A package that is not installed needs nothing. floors.json holds the floors.
 */
export const floorProblems = (floors: Readonly<Record<string, string>>, locked: Locked): readonly string[] =>
  Object.entries(floors).flatMap(([name, floor]) =>
    Object.entries(locked)
      .filter(([path]) => path.endsWith(`node_modules/${name}`))
      .filter(([, { version }]) => version === undefined || isBelow(version, floor))
      .map(([path, { version }]) => `${path} is ${version}, below its floor ${floor}`),
  )

/** A pre-release of the floor itself is below it. */
const isBelow = (version: string, floor: string): boolean => {
  const [numbers = '', preRelease] = version.split('+')[0]?.split('-') ?? []
  const parts = numbers.split('.').map(Number)
  for (const [index, wanted] of floor.split('.').map(Number).entries()) {
    const part = parts[index] ?? Number.NaN
    if (part !== wanted) return !(part > wanted)
  }
  return preRelease !== undefined
}
