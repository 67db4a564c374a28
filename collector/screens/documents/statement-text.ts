/** Numbers and times as a statement prints them, independent of the server’s locale. */

const number = (options: Intl.NumberFormatOptions) => {
  const format = new Intl.NumberFormat('en-US', options)
  // the true minus is as wide as a plus, and no line breaks after it
  return (value: number): string => format.format(value).replace('-', '−')
}
const digits = (n: number) => number({ minimumFractionDigits: n, maximumFractionDigits: n })

export const amountText = digits(2)
export const kwhText = digits(1)
export const kwText = digits(1)
const whole = digits(0)
const few = number({ maximumSignificantDigits: 6 })
const cents = number({ minimumFractionDigits: 2, maximumFractionDigits: 12 })
/** A price with six significant digits, and at least two decimals. */
export const priceText = (usd: number): string => cents(Number(usd.toPrecision(6)))
export const percentText = number({ style: 'percent', maximumFractionDigits: 1 })

export const numberText = (value: number): string =>
  Number.isInteger(value) || Math.abs(value) >= 1e6 ? whole(value) : few(value)
export const rangeText = (min: number, max: number): string =>
  min === max ? few(min) : `${few(min)} to ${few(max)}`

/** The month of a time zone that contains a time (Unix ms), as a request names it: `2026-11`. */
export const monthCode = (ms: number, timeZone: string): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit' }).format(ms)

/** Formats times in one time zone. The hour that occurs twice in autumn is ambiguous here; JSON and CSV carry the offset. */
export class Times {
  readonly #month: Intl.DateTimeFormat
  readonly #minute: Intl.DateTimeFormat

  constructor(timeZone: string) {
    this.#month = new Intl.DateTimeFormat('en-GB', { timeZone, month: 'long', year: 'numeric' })
    this.#minute = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      day: 'numeric',
      month: 'short',
      year: 'numeric',
      hour: '2-digit',
      minute: '2-digit',
    })
  }

  month(iso: string): string {
    return this.#month.format(new Date(iso))
  }

  minute(iso: string): string {
    return this.#minute.format(new Date(iso))
  }
}
