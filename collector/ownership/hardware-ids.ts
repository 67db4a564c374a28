import type { DeviceKind } from '../../protocol/device.ts'

/** MAC, serial number and PCI address in one spelling each, however an agent writes them. */

/** Firmware’s words for "no serial number"; a number that counts up or repeats one digit is none either. */
const NO_SERIAL =
  /^(?:(.)\1*|(?:0?1234567890?.*)|n\/?a|none|null|nil|unknown|undefined|default(?: string)?|not (?:specified|available|applicable|set)|(?:system|base ?board|chassis) serial(?: number)?|serial(?: number)?|to be filled.*|o\.?e\.?m\.?|empty|invalid|test)$/i
/** Shorter numbers repeat between makers, and between batches of one. */
const LEAST_SERIAL_CHARS = 5
/** What some programs write before a serial number. */
const SERIAL_PREFIX = /^(?:s\/?n|serial(?: ?(?:number|no\.?|nr\.?))?)\s*[:=#]\s*/i
/** A UUID of NVIDIA's GPUs has a prefix, which some programs leave out. */
const GPU_UUID = /^\{?(?:GPU)?([0-9A-F]{8,32})\}?$/
/** An address on the PCI bus, which every other host has too. */
const PCI_ADDRESS = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])$/i

/** The digits of each part of a MAC, by how many parts it is written in: 02:ab:5e:0:0:c, 02ab5e-00000c, 02ab.5e00.000c, 02ab5e00000c. */
const MAC_DIGITS: Readonly<Record<number, number>> = { 1: 12, 2: 6, 3: 4, 6: 2 }

/** A MAC in one spelling; undefined for any other text, for zeros and for the broadcast address. */
export function macOf(text: string): string | undefined {
  const parts = text
    .trim()
    .replace(/^(?:mac|hwaddr|ether)[:= ]\s*|^0x/i, '')
    .split(/[:.\-_\s]/)
  const digits = MAC_DIGITS[parts.length]
  if (digits === undefined) return undefined
  // only single bytes are written without their leading zero
  const least = digits === 2 ? 1 : digits
  if (parts.some((part) => part.length < least || part.length > digits || !/^[0-9a-f]+$/i.test(part)))
    return undefined
  const hex = parts
    .map((part) => part.padStart(digits, '0'))
    .join('')
    .toUpperCase()
  return /^(?:0+|F+)$/.test(hex) ? undefined : hex
}

/** A PCI address with its domain, in lower case; undefined for any other text. */
export function pciOf(text: string): string | undefined {
  const [, domain = '', rest] = PCI_ADDRESS.exec(text.trim()) ?? []
  return rest && `${domain.replace(/^0+/, '').padStart(4, '0')}:${rest}`.toLowerCase()
}

/** A serial number in one spelling, without what people and programs put between its characters; undefined where it is none. */
export function serialOf(kind: DeviceKind, text: string): string | undefined {
  const told = text.trim().replace(SERIAL_PREFIX, '')
  if (told.length < LEAST_SERIAL_CHARS || NO_SERIAL.test(told)) return undefined
  const plain = told.toUpperCase().replace(/[\s._:/-]/g, '')
  if (plain.length < LEAST_SERIAL_CHARS || NO_SERIAL.test(plain)) return undefined
  const uuid = kind === 'gpu' ? GPU_UUID.exec(plain)?.[1] : undefined
  // programs that take a serial number for a number drop its leading zeros
  return uuid === undefined ? plain.replace(/^0+(?=\d{5,}$)/, '') : `GPU-${uuid}`
}
