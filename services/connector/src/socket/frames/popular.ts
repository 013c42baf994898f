import { popularWordsDefault, popularWordsMax } from '@chat/schemas/protocol'
import { ok } from '../../answer.ts'
import { read } from './handler.ts'

const hourMs = 3_600_000

/** `popular`: the most written words of the current hour or of a window of the past. PROTOCOL §2. */
export const popular = read<'popular'>(async (frame, _caller, { readModels, clock }) => {
  const to = frame.to === undefined ? clock.now() + 1 : Date.parse(frame.to)
  const from = frame.from === undefined ? startOfHour(to) : Date.parse(frame.from)
  const n = Math.min(frame.n ?? popularWordsDefault, popularWordsMax)
  const words = from < to ? await readModels.popularWords({ from, to, n, isHidden: () => false }) : []
  return ok({ words })
})

/** Of the hour that a moment is the end of, or lies in. */
const startOfHour = (moment: number): number => Math.floor((moment - 1) / hourMs) * hourMs
