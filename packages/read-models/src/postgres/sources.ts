import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** What makes rows of events: this package, and the schemas that it reads them by. */
const folders = (): readonly string[] => [
  dirname(import.meta.dirname),
  dirname(createRequire(import.meta.url).resolve('@chat/schemas')),
]

/** Stands for the code that projects: rows of another digest may be other rows, and are not gone on from. */
export const sourcesDigest = (): string => {
  const hash = createHash('sha256')
  for (const folder of folders())
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
      if (file.endsWith('.ts') && !/\.i?test\.ts$/.test(file))
        hash.update(file).update(readFileSync(join(folder, file)))
  return hash.digest('hex').slice(0, 32)
}
