import { idMax } from '@chat/schemas'

/** An old number as it stands in a file; undefined: it is none. */
const parseNumber = (text: string): number | undefined => {
  const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0
  return number >= 1 && number <= idMax ? number : undefined
}

/** The numbers of a row, or why one of them is none. */
export const parseNumbers = <K extends string>(
  fields: Readonly<Record<K, string>>,
): Readonly<Record<K, number>> | { readonly why: string } => {
  const numbers = Object.entries<string>(fields).map(([key, text]) => [key, parseNumber(text), text] as const)
  const wrong = numbers.find(([, number]) => number === undefined)
  if (wrong !== undefined) return { why: `its ${wrong[0]} is no number: ${JSON.stringify(wrong[2])}` }
  return Object.fromEntries(numbers) as Readonly<Record<K, number>>
}
