import { systemSurroundings } from './platform.ts'
import { runCommandLine } from './shell/run.ts'

/** `npm run chat`: docs/cli.md */
process.exitCode = await runCommandLine(process.argv.slice(2), systemSurroundings())
