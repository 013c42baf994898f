import type { Finding } from './repair.ts'

/** Routers decide its commands. */
export const isWell = ({ outcome }: Finding): boolean => outcome === 'whole' || outcome === 'rebased'

/** One line for a person. */
export const sentenceOf = (partition: number, finding: Finding): string => {
  const of = `partition ${partition}`
  switch (finding.outcome) {
    case 'whole':
      return `${of} goes on at command ${finding.resume}`
    case 'rebased':
      return `${of} goes on at command ${finding.resume} from now on; ${finding.reason}`
    case 'cut':
      return `${of} is stopped until npm run repair -- --commands; ${finding.reason}`
    case 'stopped':
      return `${of} is stopped, and nothing here mends it (docs/failures.md, "The log itself"); ${finding.reason}`
  }
}
