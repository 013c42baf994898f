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

/** Changes of accounts that one look gives; when there are more it gives all suspended ones instead. */
export const suspensionChangesMax = 1_000
