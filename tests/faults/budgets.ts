/** Back to normal within, ms: what the recovery of each fault is measured against. */
export const recoveryBudgetsMs = {
  'connector killed': 10_000,
  'connector frozen': 35_000,
  'router killed': 15_000,
  'projector killed': 15_000,
  'broker killed': 45_000,
  'redis wiped': 10_000,
  'postgres away': 30_000,
  'devices cut': 30_000,
} as const

/** For faults that the table does not name. */
export const longestRecoveryMs = Math.max(...Object.values(recoveryBudgetsMs))
