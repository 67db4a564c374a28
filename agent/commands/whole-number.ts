import { UsageError } from '../../protocol/kit/errors.ts'

/** Parses an option as a whole number within bounds, both included. @throws UsageError that names the option */
export const wholeNumber =
  (option: string, least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
    throw new UsageError([`--${option}: expected a whole number ${range}, got ${text}`])
  }
