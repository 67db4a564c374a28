import type { Device } from '../../protocol/device.ts'
import { macOf, pciOf, serialOf } from './hardware-ids.ts'
import { placeText } from './place.ts'

/**
 * What makes two names one machine. Each key is a text that two devices share only where they are the same machine: their name, a MAC
 * or serial number, the address at which their agents reach them.
 */

/** The configured device that a part of a machine belongs to: `gpu-01` of `gpu-01/gpu3`. */
export const rootOf = (deviceId: string): string => deviceId.split('/', 1)[0] as string

/**
 * The keys of a device; the first is always its name.
 * @param device its entry of the inventory; absent where its agent has named none
 */
export function identityKeys(deviceId: string, device?: Device): string[] {
  // two names that differ in capitals alone are one machine written twice
  const keys = [`id ${deviceId.toLowerCase()}`]
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

function hardwareKey({ hardwareId = '', kind, computer }: Device): string | undefined {
  const mac = macOf(hardwareId)
  if (mac !== undefined) return `mac ${mac}`
  const pci = pciOf(hardwareId)
  if (pci !== undefined) return computer === undefined ? undefined : `pci ${computer} ${pci}`
  const serial = serialOf(kind, hardwareId)
  return serial === undefined ? undefined : `serial ${kind} ${serial}`
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
