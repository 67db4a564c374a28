import type { Sysfs } from '../../wire/sysfs.ts'

/** A RAPL zone of Linux' powercap tree. */
export interface RaplZone {
  /** folder, such as `intel-rapl:0:2` */
  path: string
  /** package-0, package-0-die-1, core, uncore, dram, psys */
  name: string
  /** the counter begins again at 0 after this, uJ; absent where the kernel doesn't say */
  rangeUj?: number
}

/**
 * The zones of the MSR and TPMI drivers, for Intel and AMD alike. `intel-rapl-mmio` shows the same packages through another
 * door, and is left out.
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
 * The zones that together are the machine's processors and memory, each once: core and uncore are inside their package,
 * dram is beside it, psys (the platform) is around all of them.
 */
export const countedZones = (zones: readonly RaplZone[], count: 'packages' | 'psys'): RaplZone[] =>
  zones.filter(({ name }) => (count === 'psys' ? name === 'psys' : /^(package|dram)\b/.test(name)))
