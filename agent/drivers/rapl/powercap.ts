import type { Sysfs } from '../../wire/sysfs.ts'

/** A RAPL zone in Linux's powercap tree. */
export interface RaplZone {
  /** folder, such as `intel-rapl:0:2` */
  path: string
  /** package-0, package-0-die-1, core, uncore, dram, psys */
  name: string
  /** the counter wraps to 0 after this value, uJ; absent where the kernel doesn't say */
  rangeUj?: number
}

/**
 * The zones of the kernel's MSR and TPMI drivers, for Intel and AMD. `intel-rapl-mmio` shows the same packages once more, by another
 * interface, so it is left out.
 * @throws PerwattError `not-permitted`
 */
export async function raplZones(sysfs: Sysfs): Promise<RaplZone[]> {
  const zones: RaplZone[] = []
  for (const path of await sysfs.names('.')) {
    if (!/^intel-rapl(:\d+){1,2}$/.test(path)) continue
    const name = await sysfs.text(`${path}/name`)
    const rangeUj = await sysfs.number(`${path}/max_energy_range_uj`)
    if (name) zones.push({ path, name, ...(rangeUj !== undefined && rangeUj > 0 && { rangeUj }) })
  }
  return zones
}

/**
 * The zones whose sum counts each part of the machine once. A package includes core and uncore but not dram; psys (the platform)
 * includes all of them.
 */
export const countedZones = (zones: readonly RaplZone[], count: 'packages' | 'psys'): RaplZone[] =>
  zones.filter(({ name }) => (count === 'psys' ? name === 'psys' : /^(package|dram)\b/.test(name)))
