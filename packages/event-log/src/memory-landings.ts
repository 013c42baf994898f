import { type Clock, Fault, sleep } from '@chat/runtime'
import type { Appended, Batch } from './index.ts'
import type { MemoryPartition } from './memory-partition.ts'

/** What happens to one append instead of landing once, at once, with an answer. */
export interface AppendFate {
  /** ms on the way before it lands; what the same client appended earlier to that partition lands first. */
  readonly landsAfterMs?: number
  /** How often it lands: 0 = it is lost on the way, 2 = a retry by the network doubles it. The answer is that of the last copy. */
  readonly copies?: 0 | 1 | 2
  /** ms between the two copies, in which others may write; the answer is that of the first then. */
  readonly copiesAfterMs?: number
  /** ms between landing and answer. */
  readonly answersAfterMs?: number
  /**
   * `lost`: the promise rejects with `log_unavailable` once it landed. `early`: it rejects at once, as after a timeout, and the batch
   * lands whenever it does; later appends of the same client may overtake it. Copies 0 never give an answer.
   */
  readonly answer?: 'given' | 'lost' | 'early'
}

/** Asked once for each append, in order of the calls. Undefined: nothing goes wrong. */
export type AppendFaults = (batch: Batch, clientName: string) => AppendFate | undefined

type LandBatch = (partition: MemoryPartition, batch: Batch, fate?: AppendFate) => Appended | Promise<Appended>

/** Lands batches: at once where nothing is on the way, else one after the other per partition, as one connection would. */
export const createLandings = (clock: Clock, isLost: () => boolean): LandBatch => {
  const last = new Map<MemoryPartition, Promise<unknown>>()

  const landLate = async (
    partition: MemoryPartition,
    batch: Batch,
    fate: AppendFate,
    before: Promise<unknown> | undefined,
  ): Promise<() => Appended> => {
    await before?.catch(() => {}) // An append that failed before this one does not hold it up; its caller has the failure.
    if ((fate.landsAfterMs ?? 0) > 0) await sleep(clock, fate.landsAfterMs ?? 0)
    if (isLost()) return unavailable
    return land(partition, batch, fate)
  }

  /** Puts the copies into the partition; the returned function is the answer, given or lost. */
  const land = (partition: MemoryPartition, batch: Batch, fate: AppendFate): (() => Appended) => {
    const { copies = 1, copiesAfterMs = 0, answer = 'given' } = fate
    if (copies === 0) return unavailable
    let appended = partition.append(batch.records, clock.now())
    if (copies === 2 && copiesAfterMs === 0) appended = partition.append(batch.records, clock.now())
    if (copies === 2 && copiesAfterMs > 0)
      clock.after(copiesAfterMs, () => {
        if (!isLost() && !partition.isAway()) partition.append(batch.records, clock.now())
      })
    return answer === 'given' ? () => appended : unavailable
  }

  return (partition, batch, fate = {}) => {
    const before = last.get(partition)
    if (fate.answer === 'early') {
      landLate(partition, batch, fate, undefined).catch(() => {}) // Its caller was told that nothing is known.
      return unavailable()
    }
    const isLate = before !== undefined || (fate.landsAfterMs ?? 0) > 0
    if (!isLate && (fate.answersAfterMs ?? 0) === 0) return land(partition, batch, fate)()
    const landed = isLate ? landLate(partition, batch, fate, before) : Promise.resolve(land(partition, batch, fate))
    last.set(partition, landed)
    const settled = () => {
      if (last.get(partition) === landed) last.delete(partition)
    }
    landed.then(settled, settled)
    return landed.then(async (answer) => {
      if ((fate.answersAfterMs ?? 0) > 0) await sleep(clock, fate.answersAfterMs ?? 0)
      return answer()
    })
  }
}

const unavailable = (): never => {
  throw new Fault('log_unavailable', 'the answer to an append was lost')
}
