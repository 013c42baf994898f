import { type Clock, every } from '@chat/runtime'

/** How far a long walk through the log is. */
interface Progress {
  /** Records passed so far, by their offsets: what compaction removed counts as passed. */
  readonly done: number
  /** What there was to pass when it began; what came since is caught up with later. */
  readonly total: number
  readonly elapsedMs: number
}

/** Shows progress; called several times a second, decides for itself what to write. */
export interface ProgressView {
  show(progress: Progress): void
  /** A line of its own, below what was shown. */
  say(line: string): void
}

const showEveryMs = 250
/** Between two lines where nothing can be overwritten, ms. */
const lineEveryMs = 2_000
const barWidth = 24

/** Runs `run`, which reports what it passed, and shows how far it is until it is done. */
export const withProgress = async <T>(
  options: { readonly clock: Clock; readonly view: ProgressView; readonly total: number },
  run: (passed: (records: number) => void) => Promise<T>,
): Promise<T> => {
  const { clock, view, total } = options
  const startedMs = clock.monotonic()
  let done = 0
  const show = () => view.show({ done, total, elapsedMs: clock.monotonic() - startedMs })
  const stop = every(clock, showEveryMs, show)
  try {
    const result = await run((records) => {
      done += records
    })
    show()
    return result
  } finally {
    stop()
  }
}

/** A bar that is written over on a terminal; elsewhere a line now and then. */
export const createProgressView = (options: {
  readonly write: (text: string) => void
  readonly isTerminal: boolean
}): ProgressView => {
  const { write, isTerminal } = options
  let isOpen = false
  let lastLineMs = Number.NEGATIVE_INFINITY
  return {
    show: (progress) => {
      if (isTerminal) {
        write(`\r${barOf(progress)} ${textOf(progress)}\u001b[K`) // Clears what a longer line left behind it.
        isOpen = true
        return
      }
      if (progress.elapsedMs < lastLineMs) lastLineMs = Number.NEGATIVE_INFINITY // Another walk began.
      if (progress.elapsedMs - lastLineMs < lineEveryMs && progress.done < progress.total) return
      lastLineMs = progress.elapsedMs
      write(`${textOf(progress)}\n`)
    },
    say: (line) => {
      write(`${isOpen ? '\n' : ''}${line}\n`)
      isOpen = false
    },
  }
}

const shareOf = ({ done, total }: Progress): number => (total === 0 ? 1 : Math.min(done / total, 1))

const barOf = (progress: Progress): string => {
  const filled = Math.round(shareOf(progress) * barWidth)
  return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`
}

const textOf = (progress: Progress): string => {
  const { done, total, elapsedMs } = progress
  const perSecond = Math.round((done * 1000) / Math.max(elapsedMs, 1))
  const due = Math.max(total - done, 0)
  const left =
    due > 0 && perSecond === 0 ? 'time left unknown' : `${durationOf(Math.ceil(due / (perSecond || 1)))} left`
  return `${Math.floor(shareOf(progress) * 100)} %, ${done} of ${total} records, ${perSecond}/s, ${left}`
}

const durationOf = (seconds: number): string => {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60]
  if (h > 0) return `${h} h ${m} min`
  return m > 0 ? `${m} min ${s} s` : `${s} s`
}
