import { flag, parseOptions, usageFault } from '@chat/runtime'

/** What `npm run rebuild -- …` asks for. */
export type RebuildAction = 'rebuild' | 'rebuild-anew' | 'rollback' | 'drop-previous'

const usage = `usage: npm run rebuild [-- OPTION]
  (none)            builds the read models anew beside the live ones and switches; goes on from what an interrupted run left
  --anew            the same from offset 0, whatever an interrupted run left
  --rollback        switches back to the read models of before the last switch
  --drop-previous   removes those, and with them the way back
`

/** Throws Fault `usage` with a sentence and how it is called. */
export const parseRebuildArgs = (args: readonly string[]): RebuildAction => {
  const values = parseOptions(args, { anew: flag, rollback: flag, 'drop-previous': flag }, usage)
  const asked = Object.entries(values).flatMap(([name, isAsked]) => (isAsked ? [name] : []))
  if (asked.length > 1) throw usageFault(`only one of ${asked.map((name) => `--${name}`).join(', ')}`, usage)
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
