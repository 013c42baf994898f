import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

/** A violation of each rule of biome.json in a tree of its own: the rules are only worth what they find. */
const root = fileURLToPath(new URL('../../../', import.meta.url))

type Rule =
  | 'noRestrictedImports'
  | 'noRestrictedGlobals'
  | 'plugin'
  | 'noImportCycles'
  | 'noReExportAll'
  | 'noDefaultExport'
  | 'noEnum'
  | 'noExplicitAny'
  | 'noNonNullAssertion'

const takes = (source: string) => `import { thing } from '${source}'\nexport const use = thing\n`
const calls = (expression: string) => `export const use = () => ${expression}\n`

const planted: readonly (readonly [path: string, text: string, rule: Rule])[] = [
  ['schemas/src/a.ts', takes('@chat/runtime'), 'noRestrictedImports'],
  ['schemas/protocol/a.ts', takes('@chat/domain'), 'noRestrictedImports'],
  ['packages/runtime/src/a.ts', takes('@chat/schemas'), 'noRestrictedImports'],
  ['packages/domain/src/value.ts', takes('@chat/schemas'), 'plugin'],
  [
    'packages/domain/src/node.ts',
    "import type { Hash } from 'node:crypto'\nexport type Use = Hash\n",
    'noRestrictedImports',
  ],
  [
    'packages/domain/src/npm.ts',
    "import type { Static } from 'typebox'\nexport type Use = Static<never>\n",
    'noRestrictedImports',
  ],
  [
    'packages/domain/src/runtime.ts',
    "import type { Clock } from '@chat/runtime'\nexport type Use = Clock\n",
    'noRestrictedImports',
  ],
  ['packages/event-log/src/a.ts', takes('@chat/presence'), 'noRestrictedImports'],
  ['packages/event-log/src/postgres.ts', takes('kafkajs'), 'noRestrictedImports'],
  ['packages/event-log/src/kafka/a.ts', takes('@chat/read-models'), 'noRestrictedImports'],
  ['packages/presence/src/a.ts', takes('@chat/event-log'), 'noRestrictedImports'],
  ['packages/presence/src/kit.ts', takes('@chat/testkit'), 'noRestrictedImports'],
  ['packages/presence/src/system.ts', takes('@chat/runtime/system'), 'noRestrictedImports'],
  ['packages/redis/src/a.ts', takes('@chat/schemas'), 'noRestrictedImports'],
  ['packages/read-models/src/redis.ts', takes('ioredis'), 'noRestrictedImports'],
  ['packages/read-models/src/a.ts', takes('@chat/credentials'), 'noRestrictedImports'],
  ['packages/credentials/src/a.ts', takes('@chat/event-log/memory'), 'noRestrictedImports'],
  ['packages/credentials/src/path.ts', takes('../../../packages/runtime/src/index.ts'), 'noRestrictedImports'],
  ['services/router/src/adapter.ts', takes('@chat/event-log/kafka'), 'noRestrictedImports'],
  ['services/router/src/twin.ts', takes('@chat/presence/memory'), 'noRestrictedImports'],
  ['services/router/src/clock.ts', takes('@chat/runtime/system'), 'noRestrictedImports'],
  ['services/router/src/other.ts', takes('@chat/connector'), 'noRestrictedImports'],
  ['services/router/src/main.ts', takes('@chat/projector'), 'noRestrictedImports'],
  ['services/router/src/kit.ts', takes('@chat/testkit'), 'noRestrictedImports'],
  ['services/connector/src/redis.ts', takes('ioredis'), 'noRestrictedImports'],
  ['services/projector/src/database.ts', takes('pg'), 'noRestrictedImports'],
  ['services/standalone/src/main.ts', takes('@chat/testkit'), 'noRestrictedImports'],
  ['clients/sdk/src/schemas.ts', takes('@chat/schemas/protocol'), 'noRestrictedImports'],
  ['clients/sdk/src/npm.ts', takes('ws'), 'noRestrictedImports'],
  ['clients/sdk/src/node.ts', takes('node:fs'), 'noRestrictedImports'],
  ['clients/sdk/src/timer.ts', calls('setTimeout(() => {}, 1)'), 'noRestrictedGlobals'],
  ['clients/sdk/src/socket.ts', calls("new WebSocket('ws://a')"), 'noRestrictedGlobals'],
  ['clients/sdk/src/domain/now.ts', calls('Date.now()'), 'plugin'],
  ['clients/cli/src/schemas.ts', takes('@chat/schemas/protocol'), 'noRestrictedImports'],
  ['clients/cli/src/path.ts', takes('../../sdk/src/index.ts'), 'noRestrictedImports'],
  ['clients/cli/src/timer.ts', calls('setTimeout(() => {}, 1)'), 'noRestrictedGlobals'],
  ['clients/cli/src/session/now.ts', calls('Date.now()'), 'plugin'],
  ['clients/cli/src/shell/env.ts', calls('process.env.CHAT_URL'), 'noRestrictedGlobals'],
  ['tests/e2e/inside.ts', takes('@chat/router/src/partition.ts'), 'noRestrictedImports'],
  ['examples/analytics/src/ours.ts', takes('@chat/schemas'), 'noRestrictedImports'],
  ['examples/analytics/src/path.ts', takes('../../../packages/event-log/src/index.ts'), 'noRestrictedImports'],
  ['bench/src/inside.ts', takes('../../packages/runtime/src/clock.ts'), 'noRestrictedImports'],
  ['packages/presence/src/timer.ts', calls('setTimeout(() => {}, 1)'), 'noRestrictedGlobals'],
  ['packages/presence/src/interval.ts', calls('setInterval(() => {}, 1)'), 'noRestrictedGlobals'],
  ['services/router/src/immediate.ts', calls('setImmediate(() => {})'), 'noRestrictedGlobals'],
  ['services/router/src/performance.ts', calls('performance.now()'), 'noRestrictedGlobals'],
  ['services/router/src/crypto.ts', calls('crypto.randomUUID()'), 'noRestrictedGlobals'],
  ['services/router/src/process.ts', calls('process.env.X'), 'noRestrictedGlobals'],
  ['services/standalone/src/process.ts', calls('process.exit(1)'), 'noRestrictedGlobals'],
  ['services/projector/src/rebuild-main.ts', calls('setTimeout(() => {}, 1)'), 'noRestrictedGlobals'],
  ['packages/domain/src/now.ts', calls('Date.now()'), 'plugin'],
  ['packages/presence/src/date.ts', calls('new Date()'), 'plugin'],
  ['packages/presence/src/random.ts', calls('Math.random()'), 'plugin'],
  ['services/router/src/abort.ts', calls('AbortSignal.timeout(5)'), 'plugin'],
  ['services/router/src/timers.ts', takes('node:timers/promises'), 'plugin'],
  ['services/router/src/hooks.ts', "import * as hooks from 'node:perf_hooks'\nexport const use = hooks\n", 'plugin'],
  [
    'services/router/src/uuid.ts',
    "import { randomUUID } from 'node:crypto'\nexport const use = randomUUID\n",
    'plugin',
  ],
  ['services/router/src/whole.ts', "import crypto from 'node:crypto'\nexport const use = crypto\n", 'plugin'],
  ['packages/domain/src/one.ts', "import type { Two } from './two.ts'\nexport type One = Two | 1\n", 'noImportCycles'],
  ['packages/domain/src/two.ts', "import type { One } from './one.ts'\nexport type Two = One | 2\n", 'noImportCycles'],
  ['packages/presence/src/all.ts', "export * from './date.ts'\n", 'noReExportAll'],
  ['packages/presence/src/default.ts', 'const use = 1\nexport default use\n', 'noDefaultExport'],
  ['packages/presence/src/enum.ts', 'export enum Use {\n  A,\n}\n', 'noEnum'],
  ['packages/presence/src/any.ts', 'export const use = (x: any): number => x\n', 'noExplicitAny'],
  ['packages/presence/src/non-null.ts', 'export const use = (x?: string): string => x!\n', 'noNonNullAssertion'],
]

/** What looks alike and is right. */
const allowed: readonly (readonly [path: string, text: string])[] = [
  [
    'packages/domain/src/group/fine.ts',
    "import type { Command } from '@chat/schemas'\nimport { use } from '../fine.ts'\nexport const fine = (c: Command) => [use, c]\n",
  ],
  ['packages/domain/src/fine.ts', 'export const use = (ms: number) => new Date(ms).toISOString()\n'],
  ['packages/domain/src/fine.test.ts', takes('@chat/testkit')],
  [
    'packages/presence/src/fine.ts',
    "import { createHash } from 'node:crypto'\nimport { Redis } from 'ioredis'\nimport { Fault } from '@chat/runtime'\nexport const use = [createHash, Redis, Fault]\n",
  ],
  ['packages/event-log/src/kafka/fine.ts', takes('kafkajs')],
  ['packages/runtime/src/system.ts', calls('setTimeout(() => performance.now() + Date.now(), 1)')],
  ['packages/testkit/src/fine.ts', calls('setTimeout(() => {}, 1)')],
  [
    'services/router/src/fine.ts',
    "import { decodeEvent } from '@chat/schemas'\nimport { errorStatus } from '@chat/schemas/protocol'\nimport type { EventLog } from '@chat/event-log'\nimport { limits } from './limits/fine.ts'\nexport const use = (log: EventLog) => [log, decodeEvent, errorStatus, limits]\n",
  ],
  ['services/router/src/limits/fine.ts', 'export const limits = { textMax: 1 }\n'],
  ['services/router/src/fine.test.ts', takes('@chat/event-log/memory')],
  [
    'services/connector/src/main.ts',
    "import { openKafkaLog } from '@chat/event-log/kafka'\nimport { systemClock } from '@chat/runtime/system'\nexport const use = [openKafkaLog, systemClock, process.env]\n",
  ],
  ['clients/sdk/src/platform.ts', calls('setTimeout(() => crypto.randomUUID() + Date.now(), 1)')],
  ['clients/sdk/src/domain/fine.ts', takes('../platform.ts')],
  ['clients/cli/src/platform.ts', calls('setTimeout(() => process.exit(Date.now()), 1)')],
  ['clients/cli/src/fine.ts', takes('@chat/sdk')],
  ['clients/sdk/src/fine.test.ts', takes('@chat/schemas/protocol')],
  ['services/standalone/src/fine-main.ts', 'export const use = 1\n'],
  ['tests/e2e/fine.ts', takes('@chat/connector')],
  ['examples/analytics/src/fine.ts', takes('kafkajs')],
]

let folder = ''
let found: ReadonlySet<string> = new Set()

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'layer-rules-'))
  for (const path of ['biome.json', '.gitignore', 'infra/lint'])
    cpSync(join(root, path), join(folder, path), { recursive: true })
  for (const [path, text] of [...planted, ...allowed]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const biome = fileURLToPath(import.meta.resolve('@biomejs/biome/bin/biome'))
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [biome, 'lint', '--reporter=json', '--max-diagnostics=none', '--diagnostic-level=error', '.'],
    { cwd: folder, encoding: 'utf8' },
  )
  const { diagnostics } = parseReport(stdout, stderr)
  found = new Set(diagnostics.map(({ category, location }) => `${location.path} ${category.split('/').at(-1)}`))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const parseReport = (stdout: string, stderr: string) => {
  try {
    return JSON.parse(stdout) as {
      readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[]
    }
  } catch (error) {
    throw new Error(`biome gave no report: ${stdout.slice(0, 500)} ${stderr.slice(0, 500)}`, { cause: error })
  }
}

test.each(planted)('%s is refused: %o', (path, _text, rule) => {
  expect([...found].filter((finding) => finding.startsWith(`${path} `))).toContain(`${path} ${rule}`)
})

test.each(allowed)('%s is fine', (path) => {
  expect([...found].filter((finding) => finding.startsWith(`${path} `))).toEqual([])
})
