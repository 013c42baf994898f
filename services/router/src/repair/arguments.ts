import { flag, parseOptions } from '@chat/runtime'

const usage = `usage: npm run repair [-- --commands]
  (none)       says of each partition whether its commands can be gone on with; changes nothing
  --commands   where the commands topic lost its end: they go on at its present end, and what was lost there and not decided is given up
Exits with 0 when every partition can be gone on with, 1 when one cannot.`

/** What `npm run repair -- …` asks for. Throws Faults `usage` and `help`. */
export const parseRepairArgs = (args: readonly string[]): { readonly isRebasing: boolean } => ({
  isRebasing: parseOptions(args, { commands: flag }, usage).commands,
})
