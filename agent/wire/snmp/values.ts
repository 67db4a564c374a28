import { ObjectType, type Varbind } from 'net-snmp'
import { isAmbiguous, quantityOf } from '../loose-json/quantity.ts'

/** A number of any SNMP type, or text. */
export type SnmpValue = number | string

const ABSENT: ReadonlySet<ObjectType | undefined> = new Set([
  ObjectType.NoSuchObject,
  ObjectType.NoSuchInstance,
  ObjectType.EndOfMibView,
  ObjectType.Null,
])

/** What SNMP agents write for "not available": all ones, and the ends of a signed number. */
const NONE: ReadonlyMap<ObjectType | undefined, readonly number[]> = new Map([
  [ObjectType.Gauge32, [0xffff_ffff]],
  [ObjectType.Counter32, [0xffff_ffff]],
  [ObjectType.Integer, [0x7fff_ffff, -0x8000_0000]],
])

/** A varbind's value; undefined where the SNMP agent has none. A 64-bit counter becomes a number: no meter counts beyond 2^53. */
export function valueIn({ type, value }: Varbind): SnmpValue | undefined {
  if (ABSENT.has(type) || value === undefined || value === null) return undefined
  if (Buffer.isBuffer(value)) {
    if (type !== ObjectType.Counter64) return value.toString('utf8').replace(/\0+$/, '')
    return value.length === 0 ? undefined : Number(BigInt(`0x${value.toString('hex')}`))
  }
  if (typeof value === 'string') return value
  return NONE.get(type)?.includes(Number(value)) ? undefined : Number(value)
}

/** A power that an SNMP agent put into an unsigned number: -979 comes as 4294966317. */
export const asSigned = (value: SnmpValue | undefined): SnmpValue | undefined =>
  typeof value === 'number' && value > 0x7fff_ffff && value <= 0xffff_ffff ? value - 2 ** 32 : value

/**
 * A counter that an SNMP agent put into a signed number, and that went beyond its half: it is then far below 0. A smaller negative
 * number is "not measured".
 */
export const asUnsigned = (value: SnmpValue | undefined): SnmpValue | undefined =>
  typeof value === 'number' && value < -(2 ** 30) && value >= -(2 ** 31) ? value + 2 ** 32 : value

/**
 * A value as a number >= 0, also from text (`"12.5"`, `"3452 W"`), which some SNMP agents send. Undefined where it is negative,
 * because MIBs use -1 for "not measured", blank, or not a number.
 */
export function measured(value: SnmpValue | undefined): number | undefined {
  const number = quantityOf(value)?.number
  return number !== undefined && number >= 0 ? number : undefined
}

/** The powers of ten that stand before a unit of power or energy. */
const PREFIXES: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 }

/**
 * A value in the unit of `scale`.
 * @param scale factor of a number without a unit
 * @param unit what is asked for; a text that names its unit (`"3.45 kW"`) is taken by that, and `scale` is left aside
 * @param perUnit how many of the result's unit one W or Wh is
 * @returns undefined where it is no number, or names another quantity (`"15 A"`)
 */
export function scaledTo(
  value: SnmpValue | undefined,
  scale: number,
  unit: 'W' | 'Wh',
  perUnit = 1,
): number | undefined {
  const quantity = quantityOf(value)
  if (!quantity) return undefined
  if (quantity.unit === '') return quantity.number * scale
  const { factor, named } = unitIn(quantity.unit)
  return named === unit && factor !== undefined ? quantity.number * factor * perUnit : undefined
}

/** `kW`, `kwh`, `Watts`, `kilowatt-hours`; only of a lone letter the case counts: mW is no MW. */
const UNIT = /^(k|kilo|M|mega|G|giga)?[ -]?(?:w|watts?)([ -]?(?:h|hrs?|hours?))?$/i

function unitIn(text: string): { factor: number | undefined; named: string } {
  const [, prefix = '', hours] = UNIT.exec(text) ?? [undefined, 'none']
  const letter = prefix.length > 1 ? prefix.charAt(0).toUpperCase() : prefix
  return { factor: PREFIXES[letter.replace('K', 'k')], named: hours === undefined ? 'W' : 'Wh' }
}

/** W that the last digit of a power stands for: 10 for `"3.45 kW"`. @param scale factor of a number without a unit */
export function lastDigitOf(value: SnmpValue | undefined, scale: number): number | undefined {
  const quantity = quantityOf(value)
  if (!quantity) return undefined
  const factor = quantity.unit === '' ? scale : (unitIn(quantity.unit).factor ?? scale)
  return factor / 10 ** quantity.decimals
}

/** Why a text is no figure though it looks like one; undefined: it is one, or looks like none. @param name in a sentence: `power` */
export const ambiguity = (name: string, value: SnmpValue | undefined): string | undefined =>
  isAmbiguous(value)
    ? `its ${name} of "${String(value).trim().slice(0, 40)}" is left out: the comma may stand before thousands or before decimals; set the device to write numbers without it`
    : undefined

/** A value as text, trimmed, at most 128 characters; undefined where it is a number or empty. */
export function textOf(value: SnmpValue | undefined): string | undefined {
  const text = typeof value === 'string' ? value.trim() : undefined
  return text ? text.slice(0, 128) : undefined
}

/** The part of an OID after `base`, without the dot; undefined where the OID is not below `base`. */
export const indexBelow = (base: string, oid: string): string | undefined =>
  oid.startsWith(`${base}.`) ? oid.slice(base.length + 1) : undefined

/** Compares OIDs by the order of a walk: number by number (RFC 3416, 4.2.2). */
export function compareOids(a: string, b: string): number {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
