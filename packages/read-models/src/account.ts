import type { ClientEvent } from '@chat/schemas'
import type { MessageFacts } from './messages.ts'
import type { Page } from './page.ts'
import type { Place } from './place.ts'

export interface UserRow {
  readonly id: number
  readonly name: string
  readonly normalisedName: string
  readonly displayName: string
  readonly registrationId: string
  /** ms since the epoch. */
  readonly createdAt: number
  /** What he says about himself; empty: nothing. */
  readonly about: string
  readonly isOperator: boolean
  readonly isSuspended: boolean
}

/** An account as operators see it. */
export interface AccountRow {
  readonly user: UserRow
  /** ms since the epoch; null: he is no operator. */
  readonly operatorSince: number | null
  /** undefined: he is not suspended. */
  readonly suspension: { readonly at: number; readonly by: number; readonly reason: string } | undefined
}

/** Where a look at suspensions has come to. */
export interface SuspensionMark {
  readonly generation: string
  /** The next offset, by partition. */
  readonly events: readonly number[]
}

export interface Standing {
  readonly id: number
  readonly partition: number
  /** Where what changed the account last stands in its partition. */
  readonly pos: number
  readonly isSuspended: boolean
}

/** `all`: whoever is suspended. `changes`: whose account changed since the mark, suspended or not. */
export interface SuspensionsPage {
  readonly kind: 'all' | 'changes'
  readonly users: readonly Standing[]
  readonly mark: SuspensionMark
}

/** Which reports: those that no operator is done with, those that one is, or all. */
export type ReportState = 'open' | 'done' | 'all'

/** What somebody told operators of a message. */
export interface ReportRow {
  /** Where its event is. */
  readonly id: Place
  readonly conversation: string
  /** Of the message. */
  readonly seq: number
  /** Who told of it. */
  readonly by: number
  readonly author: number
  readonly reason: string
  /** ms since the epoch. */
  readonly at: number
  /** In its present state; undefined: it is not in the read models. */
  readonly message: ClientEvent | undefined
  /** When an operator was done with it, and who; undefined: it is open. */
  readonly done: { readonly at: number; readonly by: number } | undefined
}

/** What only operators and those who watch over accounts ask. */
export interface OperatorReads {
  /** Accounts as operators see them, by name: those whose name or display name begins so. */
  accounts(query: string, after: string | undefined, limit: number): Promise<Page<AccountRow>>
  account(id: number): Promise<AccountRow | undefined>
  /** Operators, by name. */
  operators(after: string | undefined, limit: number): Promise<Page<AccountRow>>
  /** Since a mark of before; all of them (some 100 bytes each) without one, or when it cannot be gone on from. */
  suspensions(since: SuspensionMark | undefined): Promise<SuspensionsPage>
  /** The newest first. Who told of a message again moves to the front, and what he says then is open. */
  reports(state: ReportState, after: string | undefined, limit: number): Promise<Page<ReportRow>>
  /** undefined: there is none, or who told it has told of that message again since. */
  report(id: Place): Promise<Pick<ReportRow, 'conversation' | 'seq' | 'by'> | undefined>
  /** `message`, of whoever may see everything. */
  anyMessage(conversation: string, seq: number): Promise<MessageFacts>
}

/** Changes of accounts that one look gives; when there are more it gives all suspended ones instead. */
export const suspensionChangesMax = 1_000
