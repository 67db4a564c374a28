/** A number, and the unit that stands behind it in a text: '' where there is none. */
export interface Quantity {
  number: number
  unit: string
}

/** Thousands may be grouped by commas, as some firmware prints its counters. */
const TEXT = /^\s*([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?(?:e[+-]?\d{1,3})?)\s*([A-Za-z%°/]{0,8})\s*$/i

/**
 * The one reader of numbers in text from outside: `Number(' ')` is 0, and a blank is not.
 * @returns undefined for a blank, for words, and for what is not finite
 */
export function quantityOf(value: unknown): Quantity | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? { number: value, unit: '' } : undefined
  const [, digits, unit = ''] = typeof value === 'string' ? (TEXT.exec(value) ?? []) : []
  if (digits === undefined) return undefined
  const number = Number(digits.replaceAll(',', ''))
  return Number.isFinite(number) ? { number, unit } : undefined
}
