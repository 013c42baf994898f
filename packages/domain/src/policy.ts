/** What an installation chose of the rules. Every router must have the same: whichever of them has a partition decides by its own. */
export interface Policy {
  /** Who may write in a direct conversation. */
  readonly direct: 'anyone' | 'friends'
}

export const openPolicy: Policy = { direct: 'anyone' }
