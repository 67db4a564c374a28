import type { Sysfs } from './sysfs.ts'

/** One power sensor of hwmon. */
export interface PowerSensor {
  /** the chip's name: `power_meter`, `amdgpu`, `ina3221` */
  chip: string
  /** power1, power2 ... */
  channel: string
  /** the chip's name for the channel; of an ACPI power meter what its firmware says that it measures (`power1_oem_info`) */
  label?: string
  /** file with its µW: the average over the chip's own interval where there is one, else the present value */
  path: string
}

/**
 * The power sensors of every chip in a folder (Linux, Documentation/hwmon/sysfs-interface). ACPI's power_meter and other old
 * kernel drivers have their files one folder down, in `device`.
 * @throws PerwattError `not-permitted`
 */
export async function powerSensors(sysfs: Sysfs, folder = '.'): Promise<PowerSensor[]> {
  const sensors: PowerSensor[] = []
  for (const name of await sysfs.names(folder)) {
    const hwmon = `${folder}/${name}`
    const own = await sensorsIn(sysfs, hwmon, hwmon)
    sensors.push(...(own.length > 0 ? own : await sensorsIn(sysfs, `${hwmon}/device`, hwmon)))
  }
  return sensors
}

async function sensorsIn(sysfs: Sysfs, folder: string, hwmon: string): Promise<PowerSensor[]> {
  const files = await sysfs.names(folder)
  const channels = new Set(files.map((file) => /^(power\d+)_(average|input)$/.exec(file)?.[1]))
  channels.delete(undefined)
  if (channels.size === 0) return []
  const chip = (await sysfs.text(`${hwmon}/name`)) ?? (await sysfs.text(`${hwmon}/device/name`)) ?? 'unnamed'
  const sensors: PowerSensor[] = []
  for (const channel of channels as Set<string>) {
    // of ACPI's power_meter (Linux, Documentation/hwmon/acpi_power_meter): what a battery gives is no machine's draw
    if ((await sysfs.text(`${folder}/${channel}_is_battery`)) === '1') continue
    const file = files.includes(`${channel}_average`) ? `${channel}_average` : `${channel}_input`
    const label =
      (await sysfs.text(`${folder}/${channel}_label`)) ??
      (await sysfs.text(`${folder}/${channel}_oem_info`)) ??
      (await sysfs.text(`${hwmon}/device/${channel}_oem_info`))
    sensors.push({ chip, channel, path: `${folder}/${file}`, ...(label && { label }) })
  }
  return sensors
}

/** W; undefined where the chip has no value now. @throws PerwattError `not-permitted` */
export async function sensorPowerW(sysfs: Sysfs, path: string): Promise<number | undefined> {
  const microwatts = await sysfs.number(path)
  return microwatts !== undefined && microwatts >= 0 ? microwatts / 1e6 : undefined
}
