import { styleText } from 'node:util'
import type { Output } from '../surroundings.ts'

/** Colours, where they are wanted; text as it is elsewhere. */
export interface Style {
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
  readonly green: (text: string) => string
  readonly red: (text: string) => string
  readonly inverse: (text: string) => string
}

/** NO_COLOR wins, then FORCE_COLOR; else a terminal that is not dumb has them. no-color.org */
export const isColoured = (output: Output, env: Readonly<Record<string, string | undefined>>): boolean => {
  if ((env.NO_COLOR ?? '') !== '') return false
  if ((env.FORCE_COLOR ?? '') !== '') return env.FORCE_COLOR !== '0'
  return output.isTTY && env.TERM !== 'dumb'
}

export const createStyle = (hasColours: boolean): Style => {
  const style = (format: 'dim' | 'bold' | 'green' | 'red' | 'inverse') => (text: string) =>
    hasColours ? styleText(format, text, { validateStream: false }) : text
  return { dim: style('dim'), bold: style('bold'), green: style('green'), red: style('red'), inverse: style('inverse') }
}
