/** What `npm run rebuild` says of itself. Rates are events a second: of loading alone, and of everything up to the switch. */
export interface RebuildTimes {
  readonly events: number
  readonly loadSeconds: number
  readonly indexSeconds: number
  readonly totalSeconds: number
  readonly loadedPerSecond: number
  readonly switchedPerSecond: number
}

/** Throws when a line is missing: then the rebuild speaks another language than this. */
export const parseRebuildOutput = (output: string): RebuildTimes => {
  const numberIn = (pattern: RegExp): number => {
    const found = pattern.exec(output)?.[1]
    if (found === undefined) throw new Error(`the rebuild did not say ${pattern.source}:\n${output}`)
    return Number(found)
  }
  const events = numberIn(/^loaded (\d+) events/m)
  const loadSeconds = numberIn(/^loaded .* in ([\d.]+) s/m)
  const totalSeconds = numberIn(/^switched after ([\d.]+) s/m)
  return {
    events,
    loadSeconds,
    indexSeconds: numberIn(/^indexes made in ([\d.]+) s/m),
    totalSeconds,
    loadedPerSecond: Math.round(events / loadSeconds),
    switchedPerSecond: Math.round(events / totalSeconds),
  }
}
