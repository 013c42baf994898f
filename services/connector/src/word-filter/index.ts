export { openWordFilter } from './open-word-filter.ts'
export { noWordFilter, type WordFilter } from './word-filter.ts'
