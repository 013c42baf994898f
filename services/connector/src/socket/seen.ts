import type { Position } from '@chat/read-models'

/** The newest position of each partition that a connection was shown: what it reads must not be older. */
export class Seen {
  private latest: Map<number, number> | undefined

  note(partition: number, pos: number): void {
    if (this.latest === undefined) this.latest = new Map()
    const known = this.latest.get(partition)
    if (known === undefined || known < pos) this.latest.set(partition, pos)
  }

  positions(): readonly Position[] {
    if (this.latest === undefined) return []
    return Array.from(this.latest, ([partition, pos]) => ({ partition, pos }))
  }

  /** The read models hold these: nothing needs to wait for them again. Keeps idle connections small. */
  passed(positions: readonly Position[]): void {
    for (const { partition, pos } of positions) if (this.latest?.get(partition) === pos) this.latest.delete(partition)
    if (this.latest?.size === 0) this.latest = undefined
  }
}
