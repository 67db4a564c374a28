/**
 * Numbers for screens: SI prefixes, en-US digits, a true minus. Arguments are in base units. Results have digits and unit apart, so
 * that the unit can be shown smaller. An unknown number is an en dash, never 0.
 */
interface Reading {
  digits: string
  unit: string
}

export const UNKNOWN = '–'
const MINUS = '\u2212'

const formats = [0, 1, 2, 3].map(
  (d) => new Intl.NumberFormat('en-US', { minimumFractionDigits: d, maximumFractionDigits: d }),
)

/** A number with a fixed count of decimals: `-1234.5, 1` is `−1,234.5`. Never `−0`. */
export function fixed(value: number, decimals: 0 | 1 | 2 | 3): string {
  const text = (formats[decimals] as Intl.NumberFormat).format(Math.abs(value))
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text
}

/** A number with any fixed count of decimals, up to 12, for amounts of a single minute. */
export function decimal(value: number, decimals: number): string {
  const options = { minimumFractionDigits: decimals, maximumFractionDigits: decimals }
  return new Intl.NumberFormat('en-US', options).format(value || 0).replace('-', MINUS)
}

const digits = (most: number) => new Intl.NumberFormat('en-US', { maximumSignificantDigits: most })
const sixDigits = digits(6)
const allDigits = digits(17)
// -0 becomes 0
const signed = (format: Intl.NumberFormat, value: number) => format.format(value || 0).replace('-', MINUS)

/** A number with six significant digits: `-0.000123456`. */
export const significant = (value: number): string => signed(sixDigits, value)

/** A number with all its digits, so that a sum can be checked by hand. */
export const precise = (value: number): string => signed(allDigits, value)

export const count = (value: number): string => fixed(value, 0)

/** `1 machine`, `3 machines`. */
export const many = (n: number, what: string): string => `${count(n)} ${what}${n === 1 ? '' : 's'}`

function si(value: number | undefined, unit: string, prefixes: readonly string[]): Reading {
  const top = prefixes.length - 1
  if (value === undefined || !Number.isFinite(value))
    return { digits: UNKNOWN, unit: (prefixes[0] ?? '') + unit }
  let scaled = value
  let i = 0
  // 999.96 k would round to 1,000.0 k, which is 1.00 M
  for (; i < top && Math.abs(scaled) >= 999.95; i++) scaled /= 1000
  const decimals = i === 0 ? 0 : Math.abs(scaled) < 99.995 ? 2 : 1
  return { digits: fixed(scaled, decimals), unit: (prefixes[i] ?? '') + unit }
}

/** W as W, kW, MW or GW. */
export const power = (powerW: number | undefined): Reading => si(powerW, 'W', ['', 'k', 'M', 'G'])

/** J as Wh, kWh, MWh or GWh. */
export const energy = (energyJ: number | undefined): Reading =>
  si(energyJ === undefined ? undefined : energyJ / 3600, 'Wh', ['', 'k', 'M', 'G'])

/** H/s as TH/s, PH/s, EH/s or ZH/s. Less than 1 TH/s, as a miner has while it starts, is a fraction of a TH/s. */
export const hashrate = (hashrateHs: number | undefined): Reading =>
  hashrateHs !== undefined && hashrateHs < 1e12
    ? { digits: fixed(hashrateHs / 1e12, 2), unit: 'TH/s' }
    : si(hashrateHs === undefined ? undefined : hashrateHs / 1e12, 'H/s', ['T', 'P', 'E', 'Z'])

/** A ratio as `97.4 %`. */
export const percent = (ratio: number | undefined): string =>
  ratio === undefined || !Number.isFinite(ratio) ? UNKNOWN : `${fixed(ratio * 100, 1)} %`

/** A time span in words: `4 s`, `12 min`, `3 h 10 min`, `5 d`. */
export function span(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return UNKNOWN
  const s = Math.max(0, Math.floor(seconds))
  if (s < 60) return `${s} s`
  if (s < 3_600) return `${Math.floor(s / 60)} min`
  if (s < 48 * 3_600) return `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`
  return `${Math.floor(s / 86_400)} d`
}

/** A time span as a running clock: `00:12`, `1:02:03`. */
export function stopwatch(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const minutes = `${two(Math.floor((s % 3_600) / 60))}:${two(s % 60)}`
  return s < 3_600 ? minutes : `${Math.floor(s / 3_600)}:${minutes}`
}

/** Time of day at the site, `13:32` or `13:32:06`, 24 h. */
export const clock = (ms: number, timeZone: string, seconds = false): string =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
  }).format(ms)

/** The short name of the site's time zone: `CDT`, `GMT+2`. */
export const zone = (ms: number, timeZone: string): string =>
  new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'short' })
    .formatToParts(ms)
    .find((part) => part.type === 'timeZoneName')?.value ?? timeZone

/** The month at the site, `2026-11`. */
export const monthOf = (ms: number, timeZone: string): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit' }).format(ms)
