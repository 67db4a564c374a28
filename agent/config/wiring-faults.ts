import type { DeviceKind } from '../../protocol/device.ts'
import type { DeviceConfig } from './device-config.ts'

/** What can't be in a site's wiring, as `meteredBy` and `generates` describe it. */
export interface WiringFault {
  /** index of the device */
  index: number
  setting: 'meteredBy' | 'generates'
  problem: string
}

/**
 * Finds what can't be. Meters of other agents are not known here; the collector's `meters-disagree` says the same of those.
 * @param kinds kind of device by driver
 */
export function wiringFaults(
  devices: readonly DeviceConfig[],
  kinds: ReadonlyMap<string, DeviceKind>,
): WiringFault[] {
  const known = new Map(devices.map((device) => [device.id, device]))
  return devices.flatMap(({ id, driver, meteredBy, generates }, index): WiringFault[] => {
    const faults: WiringFault[] = []
    const kind = kinds.get(driver)
    if (generates !== undefined && kind !== 'meter')
      faults.push({
        index,
        setting: 'generates',
        problem: `${id} is no meter; set it on the meter that measures it`,
      })
    const above = meteredBy === undefined ? undefined : known.get(meteredBy)
    if (above?.generates !== undefined && generates === undefined)
      faults.push({
        index,
        setting: 'meteredBy',
        problem: `${meteredBy} measures own generation (${above.generates}), and ${id} generates nothing; set the meter through which it draws`,
      })
    if (leadsBack(id, known))
      faults.push({
        index,
        setting: 'meteredBy',
        problem: `${id} is behind itself, by ${meteredBy}; a meter can’t be behind what it measures`,
      })
    return faults
  })
}

function leadsBack(id: string, known: ReadonlyMap<string, DeviceConfig>): boolean {
  let above = known.get(id)?.meteredBy
  for (let hops = 0; above !== undefined && hops <= known.size; hops++) {
    if (above === id) return true
    above = known.get(above)?.meteredBy
  }
  return false
}
