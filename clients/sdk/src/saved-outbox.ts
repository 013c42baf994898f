import { emptyOutbox, type Outbox, type OutboxEntry } from './domain/outbox.ts'

interface SavedOutbox {
  readonly me: number
  readonly entries: readonly OutboxEntry[]
  readonly accepted: Outbox['accepted']
}

/** What is in the log needs no keeping; what was sent without an answer will be sent again. */
export const saveOutbox = ({ entries, accepted }: Outbox, me: number): string => {
  const kept = entries.filter(({ state }) => state.kind !== 'accepted')
  const saved: SavedOutbox = {
    ...{ me, accepted },
    entries: kept.map((entry) => (entry.state.kind === 'failed' ? entry : { ...entry, state: { kind: 'queued' } })),
  }
  return JSON.stringify(saved)
}

/** Messages of somebody else who was logged in here are not sent in this one's name. */
export const loadOutbox = (text: string | undefined, me: number): Outbox => {
  if (text === undefined) return emptyOutbox
  const saved = JSON.parse(text) as SavedOutbox
  return saved.me === me ? { ...emptyOutbox, entries: saved.entries, accepted: saved.accepted } : emptyOutbox
}
