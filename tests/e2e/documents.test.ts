import { readFileSync, writeFileSync } from 'node:fs'
import { requestSchemas } from '@chat/schemas/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everyOperation } from './documented-ops.ts'
import { createDocumentedTraffic, type DocumentedTraffic } from './documented-traffic.ts'
import { type EmbeddedSystem, startEmbedded } from './embedded-system.ts'
import { runOperator } from './operator-command.ts'
import { createRecorder } from './recorder.ts'
import { type Scene, steps } from './tour.ts'

const tourFile = new URL('../../docs/protocol/tour.md', import.meta.url)
/** Given, the frames of the tour are written down anew. */
const writesTour = process.env.CHAT_WRITE_TOUR === '1'

let system: EmbeddedSystem | undefined
let traffic: DocumentedTraffic | undefined
/** `METHOD /path` as documented. */
let paths: readonly string[] = []
/** No JSON: other tests look at their answers. */
const seenElsewhere = / \/(docs|metrics|v1\/me\/export)/

const documentOf = async (url: string, name: string) => {
  const response = await fetch(`${url}/docs/${name}`)
  expect(response.status).toBe(200)
  const text = await response.text()
  expect(text).toBe(readFileSync(new URL(`../../docs/protocol/${name}`, import.meta.url), 'utf8'))
  return JSON.parse(text)
}

beforeAll(async () => {
  system = await startEmbedded()
  const documents = [
    await documentOf(system.url, 'asyncapi.json'),
    await documentOf(system.url, 'openapi.json'),
  ] as const
  traffic = createDocumentedTraffic(...documents)
  paths = Object.entries<object>(documents[1].paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
}, 120_000)
afterAll(() => system?.close())

describe('what goes over the wires of a running server', () => {
  const blocks: string[] = []

  test('is as the documents it serves say, both ways, in every step of the tour', async () => {
    if (system === undefined || traffic === undefined) return expect.fail('there is no system')
    const scene: Scene = { recorder: createRecorder(system.url, traffic), kept: new Map(), lines: new Map() }
    for (const step of steps) {
      await step(scene)
      blocks.push(scene.recorder.block())
    }
  })

  test('has the same forms in the tour that people read', () => {
    const parts = readFileSync(tourFile, 'utf8').split('```')
    expect((parts.length - 1) / 2).toBe(blocks.length)
    if (writesTour) {
      const written = parts.map((part, i) => (i % 2 === 0 ? part : `\n${blocks[(i - 1) / 2]}\n`))
      writeFileSync(tourFile, written.join('```'))
    }
    const shown = readFileSync(tourFile, 'utf8')
      .split('```')
      .filter((_, i) => i % 2 === 1)
    expect(shown.map(formsOf)).toEqual(blocks.map(formsOf))
  })

  test('is so for every operation, and every path', async () => {
    if (system === undefined || traffic === undefined) return expect.fail('there is no system')
    const { env } = system
    await everyOperation(createRecorder(system.url, traffic), (name) => runOperator(env, ['grant', name]))
    const seen = traffic.seen()
    const ops = Object.keys(requestSchemas).map((op) => `ok.${op}`)
    expect([...ops, 'error', 'push.event', 'push.receipt', 'push.typing'].filter((name) => !seen.has(name))).toEqual([])
    expect(paths.filter((name) => !seen.has(name) && !seenElsewhere.test(name))).toEqual([])
  })
})

/** Who said what kind of thing: ids, times and tokens differ from run to run, and the order between two clients is chance. */
const formsOf = (block: string): readonly string[] =>
  block
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [head = '', json] = line.split(/ (?=\{)/)
      return json === undefined
        ? head.replace(/minPos=\S+/, 'minPos=…')
        : `${head} ${Object.keys(JSON.parse(json.replace(/ {3}\(bearer\)$/, '')))}`
    })
    .toSorted()
