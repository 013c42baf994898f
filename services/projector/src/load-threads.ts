import { Worker } from 'node:worker_threads'
import { assert, Fault } from '@chat/runtime'
import type { Topics } from '@chat/schemas'
import type { Loaded, LoadPartition, PartitionJob } from './load.ts'

/** What a thread connects with. */
export interface LoadThreadSettings {
  readonly kafkaBrokers: readonly string[]
  readonly databaseUrl: string
  readonly logLevel: string
  readonly topics: Topics
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
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL('./load-thread-main.ts', import.meta.url), { workerData: settings }),
  )
  const idle = [...workers]
  return {
    load: async (job, passed, signal) => {
      const worker = idle.pop()
      assert(worker !== undefined, 'no more partitions are loaded at once than there are threads')
      const loaded = await runJob(worker, job, passed, signal)
      idle.push(worker) // One that failed gets no other job.
      return loaded
    },
    close: async () => void (await Promise.all(workers.map((worker) => worker.terminate()))),
  }
}

const runJob = (
  worker: Worker,
  job: PartitionJob,
  passed: (records: number) => void,
  signal: AbortSignal,
): Promise<Loaded> =>
  new Promise((resolve, reject) => {
    const settle = (run: () => void) => {
      worker.off('message', onAnswer).off('error', onError).off('exit', onExit)
      signal.removeEventListener('abort', onAbort)
      run()
    }
    const onError = (error: unknown) => settle(() => reject(error))
    const onExit = () => onError(new Fault('rebuild_failed', 'a thread of the rebuild ended', { isRetryable: false }))
    // With its connections gone, the server rolls back what it wrote.
    const onAbort = () => void worker.terminate().then(() => onError(signal.reason))
    const onAnswer = (answer: LoadAnswer) => {
      if ('passed' in answer) passed(answer.passed)
      else if ('loaded' in answer) settle(() => resolve(answer.loaded))
      else {
        const { code, message, isRetryable } = answer.failed
        onError(new Fault(code, message, { isRetryable }))
      }
    }
    worker.on('message', onAnswer).on('error', onError).on('exit', onExit)
    signal.addEventListener('abort', onAbort, { once: true })
    worker.postMessage(job)
  })
