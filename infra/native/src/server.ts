import type { Launch } from './processes.ts'

/** One server program of the stack. Everything it keeps lies in its own folder; it listens on 127.0.0.1 only. */
export interface Server {
  readonly name: string
  /** host:port. */
  readonly address: string
  readonly ports: readonly number[]
  /** From launch to serving, ms; longer means that it failed. */
  readonly startTimeoutMs: number
  /** From SIGTERM to gone, ms; then it is killed. */
  readonly stopTimeoutMs: number
  /** Makes its files and says how to run it. Safe to repeat, also after a half-done one. */
  prepare(): Promise<Launch>
  /** Whether it serves requests now. Never throws. */
  isServing(): Promise<boolean>
  /** What a killed launcher may have left running on the server's data. */
  endLeftovers(): Promise<void>
}
