/** Times as people read them, in the zone of the machine. */
const two = (value: number): string => String(value).padStart(2, '0')

/** `2026-11-29 06:01`. A time that is none is shown as `?`. */
export const localMinute = (at: string | number): string => {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return '?'
  return `${localDay(date)} ${localClock(date)}`
}

export const localClock = (at: string | number | Date): string => {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? '??:??' : `${two(date.getHours())}:${two(date.getMinutes())}`
}

const localDay = (date: Date): string => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`

const secondMs = 1_000
const units = [
  { name: 'd', ms: 24 * 60 * 60 * secondMs },
  { name: 'h', ms: 60 * 60 * secondMs },
  { name: 'min', ms: 60 * secondMs },
  { name: 's', ms: secondMs },
] as const

/** The two largest units of a span: `3 h 12 min`, `45 s`. Less than a second, and what lies ahead, is `0 s`. */
export const span = (ms: number): string => {
  const first = units.findIndex((unit) => ms >= unit.ms)
  if (first < 0) return '0 s'
  let rest = ms
  const parts = units.slice(first, first + 2).map(({ name, ms: size }) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return { name, count }
  })
  return parts
    .filter(({ count }, i) => i === 0 || count > 0)
    .map(({ name, count }) => `${count} ${name}`)
    .join(' ')
}
