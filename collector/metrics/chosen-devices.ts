import { matcher } from '../economics/energy/attribution.ts'
import type { SiteDevice } from '../live/reading-columns.ts'
import type { MetricsConfig } from './config.ts'

/** More would be a page that Prometheus takes no more within its usual limits. */
const MOST_DEVICES = 100_000

/** The rows of a page of devices. */
export interface Chosen {
  /** their indexes in the list of devices */
  rows: Uint32Array
  /** devices that were chosen too, beyond the most that a page has */
  leftOut: number
}

/** Chooses devices by the configuration. One that belongs to another agent is not chosen: it would count twice in a sum. */
export function chosenDevices(
  choice: MetricsConfig['devices'],
): (devices: readonly SiteDevice[], most?: number) => Chosen {
  const rules = Array.isArray(choice) ? choice.map(matcher) : undefined
  const fits = ({ agentId, device, claimed }: SiteDevice): boolean => {
    if (claimed || choice === false) return false
    return rules?.some((rule) => rule({ agent: agentId, device: device.deviceId }, device)) ?? true
  }
  return (devices, most = MOST_DEVICES) => {
    const rows: number[] = []
    for (const [i, d] of devices.entries()) if (fits(d)) rows.push(i)
    return { rows: Uint32Array.from(rows.slice(0, most)), leftOut: Math.max(0, rows.length - most) }
  }
}
