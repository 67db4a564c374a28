import type { Device } from '../../protocol/device.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'

/** Devices of which nobody said that they are behind the site meter. */
const assumed = new WeakSet<Device>()

/**
 * The devices with those behind the site meter that are not wired: what names no meter is behind it, as in the balance. A meter that names none may stand
 * beside it, so it is not held against it.
 */
export function behindSite(devices: KnownDevices, siteMeter: string | undefined): KnownDevices {
  if (siteMeter === undefined) return devices
  const wired = (device: Device): Device => {
    const isNamed = device.meteredBy !== undefined || device.deviceId === siteMeter
    if (isNamed || (device.kind === 'meter' && device.generates === undefined)) return device
    const behind = { ...device, meteredBy: siteMeter }
    assumed.add(behind)
    return behind
  }
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

/**
 * What is behind a meter, at least. GPUs and hosts that name no meter may be one machine though nothing shows it (a BMC that knows no host name), and
 * are counted once: whichever tell more.
 */
export class BehindMeter {
  #sureMilliJ = 0
  #gpusMilliJ = 0
  #hostsMilliJ = 0

  add(device: Device, milliJ: number): void {
    const isAssumed = assumed.has(device)
    if (isAssumed && device.kind === 'gpu') this.#gpusMilliJ += milliJ
    else if (isAssumed && device.kind === 'host') this.#hostsMilliJ += milliJ
    else this.#sureMilliJ += milliJ
  }

  get leastMilliJ(): number {
    return this.#sureMilliJ + Math.max(this.#gpusMilliJ, this.#hostsMilliJ)
  }
}
