import { waitUntil } from '@chat/testkit'
import { textOf, type Witness } from './check.ts'
import type { Dialect, Named, Room, Seat } from './seats.ts'

/** Somebody who was not let in, or whose connection closed before he was, tries again after this, ms, as one who types would. */
const againAfterMs = 2_000
/** It may take a dead connector's time until he is free, and a password hash for everybody who comes back with him. */
const letInMaxMs = 180_000
/** How often it is looked whether a connection is still there, ms. */
const lookEveryMs = 50

export interface Lost {
  /** By the clock of `performance`, ms. */
  readonly atMs: number
  backAtMs: number | undefined
}

/** Somebody of the crowd, over all his logins. */
export class Person implements Named {
  readonly name: string
  readonly dialect: Dialect
  id = 0
  /** Does not come back before everybody comes again. */
  isAway = false
  readonly losses: Lost[] = []
  private readonly seats: { readonly seat: Seat; readonly said: string[] }[] = []
  private count = 0
  private place: number

  constructor(name: string, dialect: Dialect, place: number) {
    this.name = name
    this.dialect = dialect
    this.place = place
  }

  get seat(): Seat | undefined {
    return this.seats.at(-1)?.seat
  }

  get isThere(): boolean {
    return !this.isAway && this.seat?.isOpen() === true
  }

  register(): Promise<void> {
    return this.dialect.register(this.name, this.place)
  }

  /** Tries one place after the other until he is let in. */
  async comeIn(): Promise<void> {
    const seat = await waitUntil(() => this.dialect.enter(this, this.place++), {
      ...{ deadlineMs: letInMaxMs, everyMs: againAfterMs, what: `${this.name} is let in` },
    })
    this.seats.push({ seat, said: [] })
  }

  /** Comes back whenever his connection is lost, unless `isAwayAfter` says that he does not. */
  async stay(isOver: () => boolean, isAwayAfter: (losses: number) => boolean): Promise<void> {
    for (;;) {
      await waitUntil(() => isOver() || !this.isThere, {
        ...{ deadlineMs: 3_600_000, everyMs: lookEveryMs, what: `${this.name} is no more there` },
      })
      if (this.isThere) return
      const lost: Lost = { atMs: performance.now(), backAtMs: undefined }
      this.losses.push(lost)
      this.isAway = isAwayAfter(this.losses.length)
      if (this.isAway) return
      await this.comeIn()
      lost.backAtMs = performance.now()
    }
  }

  /** undefined: to the room. Returns the text. */
  say(to: Person | undefined, room: Room): string {
    const text = textOf(this.name, ++this.count, to?.name)
    this.seats.at(-1)?.said.push(text)
    this.seat?.say(to ?? room, text)
    return text
  }

  /** What he said on the connection that he has: nothing of it may get lost. */
  saidHere(): readonly string[] {
    return this.isThere ? (this.seats.at(-1)?.said ?? []) : []
  }

  leave(): void {
    this.seat?.leave()
    this.isAway = false
  }

  shows(text: string): boolean {
    return this.seat?.showings().some((showing) => showing.text === text) === true
  }

  /** He lost his first connection before it had shown him this. */
  wasCutBefore(text: string): boolean {
    const [first] = this.seats
    return this.losses.length > 0 && first?.seat.showings().some((showing) => showing.text === text) === false
  }

  aborts(): readonly string[] {
    return this.seats.flatMap(({ seat }) => seat.aborts.map((why) => `${this.name}: ${why}`))
  }

  witness(): Witness {
    return {
      ...{ name: this.name, id: this.id, echo: this.dialect.echo, wasCut: this.losses.length > 0 },
      showings: this.seats.flatMap(({ seat }) => seat.showings()),
      acknowledged: this.seats.flatMap(({ seat }) => seat.acknowledged()),
    }
  }
}
