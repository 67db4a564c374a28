/** A number, and the unit that stands behind it in a text: '' where there is none. */
export interface Quantity {
  number: number
  unit: string
  /** digits after the decimal point; 0 of a number that is no text */
  decimals: number
}

const TEXT = /^\s*([+-]?)(\d[\d.,]*)(e[+-]?\d{1,3})?\s*([A-Za-z%°/][A-Za-z%°/ -]{0,15})?\s*$/i
const GROUPED = {
  /** `1,234,567`, `1,234.5` */
  byComma: /^\d{1,3}(?:(?:,\d{3}){2,}(?:\.\d*)?|,\d{3}\.\d*)$/,
  /** `1.234.567`, `1.234,5` */
  byPoint: /^\d{1,3}(?:(?:\.\d{3}){2,}(?:,\d*)?|\.\d{3},\d*)$/,
}
const WITH_POINT = /^\d+(?:\.\d*)?$/
const WITH_COMMA = /^\d+,\d+$/
/** Three thousand, or three and a part: `3,452`. `0,452` and `1234,567` can be no thousands. */
const EITHER = /^[1-9]\d{0,2},\d{3}$/

/**
 * The one reader of numbers in text from outside: `Number(' ')` is 0, and a blank is not. Thousands may be grouped, and the decimals
 * may stand behind a comma, where the text can be read in one way only.
 * @returns undefined for a blank, for words, for what is not finite, and for what `isAmbiguous`
 */
export function quantityOf(value: unknown): Quantity | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? { number: value, unit: '', decimals: 0 } : undefined
  const [, sign = '', digits, exponent = '', unit = ''] = partsOf(value)
  const plain = digits === undefined ? undefined : withPoint(digits)
  if (plain === undefined) return undefined
  const number = Number(`${sign}${plain}${exponent}`)
  if (!Number.isFinite(number)) return undefined
  return { number, unit: unit.trim(), decimals: plain.split('.')[1]?.length ?? 0 }
}

/** Whether a text is a number that can be read in two ways: `3,452 kW`. */
export function isAmbiguous(value: unknown): boolean {
  const [, , digits] = partsOf(value)
  return digits !== undefined && EITHER.test(digits)
}

const partsOf = (value: unknown): readonly (string | undefined)[] =>
  typeof value === 'string' ? (TEXT.exec(value) ?? []) : []

/** Digits as JavaScript reads them. */
function withPoint(digits: string): string | undefined {
  if (WITH_POINT.test(digits)) return digits
  if (GROUPED.byComma.test(digits)) return digits.replaceAll(',', '')
  if (GROUPED.byPoint.test(digits)) return digits.replaceAll('.', '').replace(',', '.')
  return WITH_COMMA.test(digits) && !EITHER.test(digits) ? digits.replace(',', '.') : undefined
}
