import { systemSurroundings } from './platform.ts'
import { runSeed } from './seed/run-seed.ts'

/** `npm run seed`: docs/cli.md */
process.exitCode = await runSeed(process.argv.slice(2), systemSurroundings())
