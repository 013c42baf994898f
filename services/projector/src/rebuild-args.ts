import { parseArgs } from 'node:util'

/** What `npm run rebuild -- …` asks for. */
export type RebuildAction = 'rebuild' | 'rebuild-anew' | 'rollback' | 'drop-previous'

const usage = `usage: npm run rebuild [-- OPTION]
  (none)            builds the read models anew beside the live ones and switches; goes on from what an interrupted run left
  --anew            the same from offset 0, whatever an interrupted run left
  --rollback        switches back to the read models of before the last switch
  --drop-previous   removes those, and with them the way back
`

/** Throws an Error with a sentence and the usage for the operator. */
export const parseRebuildArgs = (args: readonly string[]): RebuildAction => {
  const asked = Object.entries(readOptions(args)).flatMap(([name, isAsked]) => (isAsked ? [name] : []))
  if (asked.length > 1) throw new Error(`only one of ${asked.map((name) => `--${name}`).join(', ')}\n${usage}`)
  switch (asked[0]) {
    case 'rollback':
    case 'drop-previous':
      return asked[0]
    case 'anew':
      return 'rebuild-anew'
    default:
      return 'rebuild'
  }
}

const readOptions = (args: readonly string[]): Readonly<Record<string, boolean>> => {
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({ args: [...args], options: { anew: flag, rollback: flag, 'drop-previous': flag } }).values
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
  }
}
