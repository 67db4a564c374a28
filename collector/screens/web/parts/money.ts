import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { SiteView } from '../../../views/site.ts'
import { decimal, fixed, significant, UNKNOWN } from './format.ts'
import { roundedSum } from './rounded-sum.ts'

/** Money as a page shows it. Every figure comes in USD; only these functions convert it. */
export interface Money {
  /** ISO 4217 */
  code: string
  /** units of it for 1 USD */
  perUsd: number
  /** true if the rate is out of date */
  stale: boolean
  /** USD as `€12.35`: cents (or finer) below 100, whole above */
  text(valueUsd: number | undefined, decimals?: 2 | 3): string
  /**
   * The terms of a sum, costs below 0, and the sum, in one resolution, so that what is shown adds up.
   * @param decimals of the amounts; absent: as `text`, by the largest of them
   */
  sum(termsUsd: readonly number[], decimals?: number): { terms: string[]; total: string }
  /** USD with six significant digits, for amounts of a single minute */
  exact(valueUsd: number): string
  /** USD per kWh as digits per MWh, the market's unit; show `code` beside them */
  perMwh(usdPerKwh: number | null | undefined): string
}

/** The money of a site: its display currency, or USD without one. */
export function moneyOf(display: SiteView['displayCurrency']): Money {
  const { code, perUsd, stale } = display ?? { code: 'USD', perUsd: 1, stale: false }
  const symbol = symbolOf(code)
  // the minus stands before the symbol
  const signed = (digits: string) =>
    /^\d/.test(digits) ? symbol + digits : digits.slice(0, 1) + symbol + digits.slice(1)
  return {
    code,
    perUsd,
    stale,
    text(valueUsd, decimals = 2) {
      if (valueUsd === undefined || !Number.isFinite(valueUsd)) return UNKNOWN
      const value = valueUsd * perUsd
      return signed(fixed(value, Math.abs(value) < 99.995 ? decimals : 0))
    },
    sum(termsUsd, decimals) {
      const values = termsUsd.map((usd) => usd * perUsd)
      const total = values.reduce((a, b) => a + b, 0)
      const cents = [...values, total].every((value) => Math.abs(value) < 99.995)
      const digits = decimals ?? (cents ? 2 : 0)
      const rounded = roundedSum(values, 10 ** -digits)
      const shown = (steps: number) => signed(decimal(steps / 10 ** digits, digits))
      return { terms: rounded.terms.map(shown), total: shown(rounded.total) }
    },
    exact: (valueUsd) => signed(significant(valueUsd * perUsd)),
    perMwh: (usdPerKwh) => mwhDigits(usdPerKwh == null ? undefined : usdPerKwh * 1000 * perUsd),
  }
}

/** Digits of an amount per MWh, in the page’s currency. */
export const mwhDigits = (perMwh: number | undefined): string =>
  perMwh === undefined || !Number.isFinite(perMwh)
    ? UNKNOWN
    : fixed(perMwh, Math.abs(perMwh) < 999.995 ? 2 : 0)

/** `$`, `€`, `CA$`; for a currency without a symbol, its code and a space. */
const symbolOf = (code: string): string =>
  new Intl.NumberFormat('en-US', { style: 'currency', currency: code })
    .formatToParts(0)
    .filter((part) => part.type === 'currency' || part.type === 'literal')
    .map((part) => part.value)
    .join('')

const MoneyContext = createContext(moneyOf(undefined))
export const MoneyProvider = MoneyContext.Provider
export const useMoney = (): Money => useContext(MoneyContext)
