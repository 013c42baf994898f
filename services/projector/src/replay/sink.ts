import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { Fault } from '@chat/runtime'

/** Where lines go. A write that was taken resolves: who waits for it holds one stretch at a time, however slow the reader is. */
export interface Sink {
  /** Throws Fault `reader_gone` when nobody reads any more, and whatever else the stream ran into. */
  write(text: string): Promise<void>
  /** What was written is out. */
  end(): Promise<void>
}

export const createSink = (stream: Writable, atEnd: 'close' | 'leave_open'): Sink => {
  stream.on('error', () => {}) // The write that failed tells it; unheard it would end the process.
  return {
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(asFault(error)) : resolve()))
      }),
    end: async () => {
      if (atEnd === 'leave_open' || stream.destroyed) return // What failed it was told by the write.
      stream.end()
      await finished(stream)
    },
  }
}

const asFault = (error: Error): Error => {
  const isGone = 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED')
  return isGone ? new Fault('reader_gone', 'nobody reads on', { isRetryable: false, cause: error }) : error
}
