import { readSettings } from './settings.ts'
import { openTally } from './tally.ts'

/** What was counted so far, an hour a line; beside a running count too. */
const { file, topic } = readSettings(process.env)
const tally = openTally(file, topic)
for (const hour of tally.hours()) process.stdout.write(`${JSON.stringify(hour)}\n`)
tally.close()
