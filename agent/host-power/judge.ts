import { defined } from '../../protocol/kit/defined.ts'
import { numberOf } from '../wire/loose-json/fields.ts'

/** No single machine draws more. A rack of 72 GPUs draws 130 kW, but each of its trays has its own BMC. */
export const MAX_MACHINE_W = 100_000

/** All bits of a 16-bit field set, with a sign or without one: a firmware's words for "no reading". */
const ALL_BITS_SET: readonly number[] = [0xffff, 0x7fff]

/** Firmware's words for a sensor that is not there or has no value now. */
const NOTHING = /^\s*(?:|n\/?a|none|no reading|not readable|disabled|absent|unavailable|unknown|-+)\s*$/i

/** The unit behind a number, such as in `1.2 kW`. */
const UNIT = /[\d.]\s*([a-z]+)\s*$/i
const W_PER_UNIT: Readonly<Record<string, number>> = {
  mW: 1e-3,
  W: 1,
  w: 1,
  Watts: 1,
  watts: 1,
  Watt: 1,
  kW: 1e3,
  KW: 1e3,
}

/** What a field says about power. Both absent: the field is missing or holds 0 W, which no machine draws whose BMC answers. */
export interface Judged {
  powerW?: number
  /** what the field says instead of a power, such as `-1 W`, `null` or `"NaN"` */
  refused?: string
}

/**
 * Judges a field that should hold a power: a number, or a text with a number.
 * @param wattsPerUnit W in one unit of the field: 1000 for kW
 */
export function judge(value: unknown, wattsPerUnit = 1): Judged {
  if (value === undefined || (typeof value === 'string' && NOTHING.test(value))) return {}
  const isHex = typeof value === 'string' && /^0x[0-9a-f]+$/i.test(value)
  const number = isHex ? Number(value) : numberOf(value)
  const unit = typeof value === 'string' && !isHex ? UNIT.exec(value)?.[1] : undefined
  if (number === undefined || (unit && W_PER_UNIT[unit] === undefined))
    return { refused: JSON.stringify(value).slice(0, 40) }
  const powerW = number * ((unit && W_PER_UNIT[unit]) || wattsPerUnit)
  if (powerW < 0 || powerW > MAX_MACHINE_W || ALL_BITS_SET.includes(number)) return { refused: `${powerW} W` }
  return powerW > 0 ? { powerW } : {}
}

/** The first of several fields that has a power, else the first refusal. */
export function firstOf(judged: Iterable<Judged>): Judged {
  let refused: string | undefined
  for (const one of judged) {
    if (one.powerW !== undefined) return { powerW: one.powerW }
    refused ??= one.refused
  }
  return defined({ refused })
}
