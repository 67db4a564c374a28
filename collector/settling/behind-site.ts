import type { Device } from '../../protocol/device.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'

/**
 * The devices with those behind the site meter that are not wired: what names no meter is behind it, as in the balance. A meter that names none may stand
 * beside it, so it is not held against it.
 */
export function behindSite(devices: KnownDevices, siteMeter: string | undefined): KnownDevices {
  if (siteMeter === undefined) return devices
  const wired = (device: Device): Device =>
    device.meteredBy !== undefined ||
    device.deviceId === siteMeter ||
    (device.kind === 'meter' && device.generates === undefined)
      ? device
      : { ...device, meteredBy: siteMeter }
  const maybe = (device: Device | undefined) => device && wired(device)
  const { device, find, all, at } = devices
  return {
    ...devices,
    device: (agentId, deviceId) => maybe(device(agentId, deviceId)),
    find: (deviceId) => maybe(find(deviceId)),
    ...(all && { all: () => [...all()].map(wired) }),
    ...(at && { at: (minuteMs: number) => behindSite(at(minuteMs), siteMeter) }),
  }
}
