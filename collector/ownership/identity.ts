import type { Device } from '../../protocol/device.ts'
import { placeText } from './place.ts'

/**
 * What makes two names one machine. Each key is a text that two devices share only where they are the same machine: their name, a MAC
 * or serial number, the address at which their agents reach them.
 */

/** Firmware’s words for "no serial number"; a number that counts up or repeats one digit is none either. */
const NO_SERIAL =
  /^(?:(.)\1*|(?:0?1234567890?.*)|n\/?a|none|null|nil|unknown|undefined|default(?: string)?|not (?:specified|available|applicable|set)|(?:system|base ?board|chassis) serial(?: number)?|serial(?: number)?|to be filled.*|o\.?e\.?m\.?|empty|invalid|test)$/i
/** Shorter numbers repeat between makers, and between batches of one. */
const LEAST_SERIAL_CHARS = 5
/** An address on the PCI bus, which every other host has too. */
const PCI_ADDRESS = /^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/i

const MAC_HEX = /^[0-9A-F]{12}$/

/** A MAC in one spelling; undefined for any other text, for zeros and for the broadcast address. */
function macOf(text: string): string | undefined {
  const hex = text.replace(/[:.-]/g, '').toUpperCase()
  return MAC_HEX.test(hex) && !/^(?:0+|F+)$/.test(hex) ? hex : undefined
}

/** The configured device that a part of a machine belongs to: `gpu-01` of `gpu-01/gpu3`. */
export const rootOf = (deviceId: string): string => deviceId.split('/', 1)[0] as string

/**
 * The keys of a device; the first is always its name.
 * @param device its entry of the inventory; absent where its agent has named none
 */
export function identityKeys(deviceId: string, device?: Device): string[] {
  const keys = [`id ${deviceId}`]
  if (!device) return keys
  const hardware = hardwareKey(device)
  if (hardware !== undefined) keys.push(hardware)
  if (device.mac !== undefined) {
    const mac = macOf(device.mac)
    if (mac !== undefined && !keys.includes(`mac ${mac}`)) keys.push(`mac ${mac}`)
  }
  const part = deviceId.slice(rootOf(deviceId).length)
  if (device.address !== undefined)
    keys.push(`at ${device.kind} ${placeText(device.kind, device.address)}${part}`)
  return keys
}

function hardwareKey({ hardwareId, kind, computer }: Device): string | undefined {
  const text = hardwareId?.trim() ?? ''
  const mac = macOf(text)
  if (mac !== undefined) return `mac ${mac}`
  if (PCI_ADDRESS.test(text))
    return computer === undefined ? undefined : `pci ${computer} ${text.toLowerCase()}`
  if (text.length < LEAST_SERIAL_CHARS || NO_SERIAL.test(text)) return undefined
  return `serial ${kind} ${text.toUpperCase()}`
}

/** Whether a key tells the machine itself, not only its name and its place. */
export const isHardware = (key: string): boolean => key.startsWith('mac ') || key.startsWith('serial ')
/** Whether a key is a place rather than the machine itself. */
export const isAddress = (key: string): boolean => key.startsWith('at ')
const kindOfKey = (key: string): string => key.slice(0, key.indexOf(' '))

/**
 * Whether two devices that share this key are one machine. An address is lent to one machine after another, so it proves nothing where
 * both tell their MAC, or both their serial number, and these differ.
 */
export function isSameMachine(key: string, a: readonly string[], b: readonly string[]): boolean {
  if (!isAddress(key)) return true
  const hardware = a.filter(isHardware)
  if (hardware.some((k) => b.includes(k))) return true
  return !hardware.some((k) => b.some((other) => kindOfKey(other) === kindOfKey(k)))
}

/** A key for people: `the serial number BX3K7`. */
export function keyText(key: string): string {
  const [what, ...rest] = key.split(' ')
  switch (what) {
    case 'id':
      return `the name ${rest.join(' ')}`
    case 'mac':
      return `the MAC ${rest[0]?.match(/../g)?.join(':')}`
    case 'serial':
      return `the serial number ${rest.slice(1).join(' ')}`
    case 'pci':
      return `the PCI address ${rest[1]} of one computer`
    default:
      return `the address ${rest.slice(1).join(' ')}`
  }
}
