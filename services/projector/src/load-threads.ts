import { Worker } from 'node:worker_threads'
import { assert, Fault } from '@chat/runtime'
import type { Loaded, LoadPartition } from './load.ts'

/** What a thread connects with. */
export interface LoadThreadSettings {
  readonly kafkaBrokers: readonly string[]
  readonly databaseUrl: string
  readonly logLevel: string
  readonly world: { readonly prefix: string; readonly partitions: number; readonly slots: number }
}

/** What a thread answers to a job: how far it is, any number of times, and in the end one of the others. */
export type LoadAnswer =
  | { readonly passed: number }
  | { readonly loaded: Loaded }
  | { readonly failed: { readonly code: string; readonly message: string; readonly isRetryable: boolean } }

export interface LoadThreads {
  readonly load: LoadPartition
  close(): Promise<void>
}

/** Decoding and folding are the work of one core each: `count` threads load as many partitions side by side. */
export const startLoadThreads = (count: number, settings: LoadThreadSettings): LoadThreads => {
  const threads = Array.from({ length: count }, () => startThread(settings))
  const idle = [...threads]
  return {
    load: async (job, passed, signal) => {
      const thread = idle.pop()
      assert(thread !== undefined, 'no more partitions are loaded at once than there are threads')
      const loaded = await thread.run(job, passed, signal)
      idle.push(thread) // One that failed gets no other job.
      return loaded
    },
    close: async () => void (await Promise.all(threads.map((thread) => thread.end()))),
  }
}

const startThread = (settings: LoadThreadSettings) => {
  const worker = new Worker(new URL('./load-thread-main.ts', import.meta.url), { workerData: settings })
  const ended = new Promise<never>((_, reject) => {
    worker.once('error', reject)
    worker.once('exit', () =>
      reject(new Fault('rebuild_failed', 'a thread of the rebuild ended', { isRetryable: false })),
    )
  })
  ended.catch(() => {}) // Its job hears of it, or the next one.
  const run: LoadPartition = async (job, passed, signal) => {
    const answered = Promise.withResolvers<Loaded>()
    const onAnswer = (answer: LoadAnswer) => {
      if ('passed' in answer) passed(answer.passed)
      else if ('loaded' in answer) answered.resolve(answer.loaded)
      else answered.reject(faultOf(answer.failed))
    }
    // With its connections gone, the server rolls back what it wrote.
    const onAbort = () => void worker.terminate()
    worker.on('message', onAnswer)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      worker.postMessage(job)
      return await Promise.race([answered.promise, ended])
    } catch (error) {
      throw signal.aborted ? signal.reason : error // Of a thread that was ended on demand, its end says nothing.
    } finally {
      worker.off('message', onAnswer)
      signal.removeEventListener('abort', onAbort)
    }
  }
  return { run, end: () => worker.terminate() }
}

type Failed = Extract<LoadAnswer, { failed: object }>['failed']

const faultOf = ({ code, message, isRetryable }: Failed): Fault => new Fault(code, message, { isRetryable })
