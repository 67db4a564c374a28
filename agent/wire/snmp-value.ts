import { ObjectType, type Varbind } from 'net-snmp'

/** Numbers of any of SNMP's types, and text. */
export type SnmpValue = number | string

const ABSENT: ReadonlySet<ObjectType | undefined> = new Set([
  ObjectType.NoSuchObject,
  ObjectType.NoSuchInstance,
  ObjectType.EndOfMibView,
  ObjectType.Null,
])

/** The value of an answer; absent where the agent has none. A 64-bit counter is a number: no meter counts beyond 2^53. */
export function valueIn({ type, value }: Varbind): SnmpValue | undefined {
  if (ABSENT.has(type) || value === undefined || value === null) return undefined
  if (Buffer.isBuffer(value)) {
    if (type !== ObjectType.Counter64) return value.toString('utf8').replace(/\0+$/, '')
    return value.length === 0 ? undefined : Number(BigInt(`0x${value.toString('hex')}`))
  }
  return typeof value === 'string' ? value : Number(value)
}

/** A value as a number: some agents write figures as text (`"12.5"`). Absent where it is none, or negative: MIBs write -1 for "not measured". */
export function measured(value: SnmpValue | undefined): number | undefined {
  if (value === undefined || value === '') return undefined
  const number = Number(value)
  return Number.isFinite(number) && number >= 0 ? number : undefined
}

/** A value as text that says something. */
export function textOf(value: SnmpValue | undefined): string | undefined {
  const text = typeof value === 'string' ? value.trim() : undefined
  return text ? text.slice(0, 128) : undefined
}

/** What follows `base` in an OID below it, without the dot. */
export const indexBelow = (base: string, oid: string): string | undefined =>
  oid.startsWith(`${base}.`) ? oid.slice(base.length + 1) : undefined

/** OIDs in the order in which agents walk them. */
export function compareOids(a: string, b: string): number {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] as number) - (right[i] as number)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}
