/** `safety`: whatever happens, nothing that must never happen has. `liveness`: that, and once all is healed everything gets done. */
export type Mode = 'safety' | 'liveness'

/** Liveness judges all that safety does, but what stands at the end of a run that is not healed: every fourth seed ends so. */
export const modeOf = (seed: number): Mode => (seed % 4 === 0 ? 'safety' : 'liveness')
