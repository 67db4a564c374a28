/** All bits of a field set, or all but the sign: firmware's number for "no value". */
const WIDE = [2 ** 31 - 1, 2 ** 32 - 1, 2 ** 63, 2 ** 64]
const NARROW = [127, 255, 2 ** 15 - 1, 2 ** 16 - 1]
/** What a driver multiplied it with: from milli, deci and per cent to MHz, GH and MiB. */
const SCALES = [1e-6, 1e-3, 0.01, 0.1, 1, 10, 100, 1e3, 1e6, 1e9, 2 ** 10, 2 ** 20, 2 ** 30]

const isOneOf = (values: readonly number[], value: number): boolean =>
  SCALES.some((scale) => values.some((v) => Math.abs(value / scale - v) <= v * 1e-12))

/** Whether a number says "no value" wherever it stands: no device has exactly 4294967295 of anything. */
export const isPlaceholder = (value: number): boolean => !Number.isFinite(value) || isOneOf(WIDE, value)

/** Whether a number that the quantity can't have is a word for none, not a wrong figure: -1 W, 255 °C, 65535 rpm. */
export const meansNone = (value: number): boolean =>
  isPlaceholder(value) || isOneOf(NARROW, value) || (value < 0 && isOneOf([1, 128, 2 ** 15, 2 ** 31], -value))

/**
 * Words for none, in every maker's writing: `N/A`, `[Not Supported]`, `[Unknown Error]`, `--`, `None`, `null`, `nan`, `ERR!`; a
 * blank is none too.
 */
const WORDS =
  /^[[(<]?\s*(?:|n\/?a\.?|n\.a\.|not[ _-]?(?:supported|available|applicable|specified|present|readable|set)|unknown(?: error)?|none|null|nil|nan|undefined|err!?|error|invalid|unavailable|insufficient permissions|no reading|to be filled by o\.?e\.?m\.?|default string|[-–—?.*]+)\s*[\])>]?$/i

export const isNoneWord = (text: string): boolean => WORDS.test(text.trim())
