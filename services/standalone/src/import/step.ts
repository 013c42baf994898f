import type { Refusal, Verdict } from './report.ts'
import type { Fields, FileKind, Row } from './rows.ts'

/** At most so many rows of a chunk may have this key. */
type Bound = readonly [key: string, rowsMax: number]

/** How one file is imported. */
export interface Step<K extends FileKind, R> {
  readonly kind: K
  readonly parse: (fields: Fields<K>) => R | Refusal
  /** What keeps rows apart that must see each other's outcome. */
  readonly bounds: (row: R) => readonly Bound[]
  /** What became of each of them, in order. They were read in this order, and whatever came before is done. */
  readonly take: (rows: readonly R[]) => Promise<readonly Verdict[]>
}

/** Rows that are worked on at once: lookups ask for two numbers a row, and a call takes 1,000. */
export const chunkRowsMax = 500

/** Every row comes to exactly one verdict, unless this rejects. */
export const runStep = async <K extends FileKind, R extends object>(
  step: Step<K, R>,
  rows: AsyncIterable<Row<K>>,
  note: (line: number, verdict: Verdict) => Promise<void>,
): Promise<void> => {
  let chunk: { readonly line: number; readonly parsed: R | Refusal }[] = []
  let keys = new Map<string, number>()
  const take = async () => {
    const verdicts = (await step.take(chunk.flatMap(({ parsed }) => ('why' in parsed ? [] : [parsed])))).values()
    for (const { line, parsed } of chunk) {
      const verdict = 'why' in parsed ? parsed : verdicts.next().value
      if (verdict === undefined) throw new Error(`row ${line} of ${step.kind} came to nothing`)
      await note(line, verdict)
    }
    chunk = []
    keys = new Map()
  }
  for await (const row of rows) {
    const parsed = 'why' in row ? row : step.parse(row.fields)
    const bounds = 'why' in parsed ? [] : step.bounds(parsed)
    const isFull = bounds.some(([key, rowsMax]) => (keys.get(key) ?? 0) >= rowsMax)
    if (isFull || chunk.length >= chunkRowsMax) await take()
    chunk.push({ line: row.line, parsed })
    for (const [key] of bounds) keys.set(key, (keys.get(key) ?? 0) + 1)
  }
  await take()
}
