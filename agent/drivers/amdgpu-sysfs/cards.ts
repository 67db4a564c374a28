import { defined } from '../../../protocol/kit/defined.ts'
import { amdHardwareId } from '../../gpu/amd-tools.ts'
import { gpuState } from '../../gpu/state.ts'
import type { Reading } from '../../plugin/reading.ts'
import { powerSensors, sensorPowerW } from '../../wire/hwmon.ts'
import type { Sysfs } from '../../wire/sysfs.ts'

/** PCI vendor of AMD's GPUs */
const AMD = '0x1002'

/** An AMD GPU as the kernel shows it. */
export interface AmdCard {
  /** PCI address; it stays the same when the kernel renumbers the cards */
  pci: string
  /** its folder below /sys/class/drm: `card1/device` */
  folder: string
}

/** The AMD GPUs of this machine. @throws PerwattError `not-permitted` */
export async function amdCards(sysfs: Sysfs): Promise<AmdCard[]> {
  const cards: AmdCard[] = []
  for (const name of await sysfs.names('.')) {
    // card1-DP-1 is a connector
    if (!/^card\d+$/.test(name)) continue
    const folder = `${name}/device`
    if ((await sysfs.text(`${folder}/vendor`)) !== AMD) continue
    const pci = /^PCI_SLOT_NAME=(.+)$/m.exec((await sysfs.text(`${folder}/uevent`)) ?? '')?.[1]
    cards.push({ folder, pci: pci ?? name })
  }
  return cards
}

export async function cardIdentity(sysfs: Sysfs, { folder, pci }: AmdCard): Promise<Reading['identity']> {
  const id = amdHardwareId(await sysfs.text(`${folder}/unique_id`))
  const device = await sysfs.text(`${folder}/device`)
  return defined({
    kind: 'gpu' as const,
    model: (await sysfs.text(`${folder}/product_name`)) ?? (device && `AMD GPU ${device}`),
    firmware: await sysfs.text(`${folder}/vbios_version`),
    hardwareId: id ?? pci,
  })
}

export async function cardSample(sysfs: Sysfs, { folder }: AmdCard): Promise<Reading['sample']> {
  const busyPercent = await sysfs.number(`${folder}/gpu_busy_percent`)
  const utilizationRatio = busyPercent === undefined ? undefined : busyPercent / 100
  const hwmon = `${folder}/hwmon`
  const [sensor] = await powerSensors(sysfs, hwmon)
  const measuredW = sensor && (await sensorPowerW(sysfs, sensor.path))
  // the second die of an MI250 shows 0, because the first die shows the power of both
  const powerW = measuredW === 0 ? undefined : measuredW
  const limitW = sensor && (await sensorPowerW(sysfs, sensor.path.replace(/_(average|input)$/, '_cap')))
  return defined({
    state: gpuState(utilizationRatio),
    powerW,
    powerBasis: powerW === undefined ? undefined : ('reported' as const),
    powerLimitW: limitW || undefined,
    utilizationRatio,
    memoryUsedBytes: await sysfs.number(`${folder}/mem_info_vram_used`),
    memoryTotalBytes: await sysfs.number(`${folder}/mem_info_vram_total`),
    ...(await temperatures(sysfs, hwmon)),
  })
}

/** Temperatures by label: mem is the memory's; edge and junction are the chip's, of which the hotter one counts. */
async function temperatures(
  sysfs: Sysfs,
  hwmon: string,
): Promise<Pick<Reading['sample'], 'tempC' | 'memoryTempC' | 'fanRpm'>> {
  const [chip] = await sysfs.names(hwmon)
  if (chip === undefined) return {}
  const temps: number[] = []
  let memoryTempC: number | undefined
  for (const channel of ['temp1', 'temp2', 'temp3']) {
    const milliC = await sysfs.number(`${hwmon}/${chip}/${channel}_input`)
    if (milliC === undefined) continue
    if ((await sysfs.text(`${hwmon}/${chip}/${channel}_label`)) === 'mem') memoryTempC = milliC / 1000
    else temps.push(milliC / 1000)
  }
  const fanRpm = await sysfs.number(`${hwmon}/${chip}/fan1_input`)
  return defined({ tempC: temps.length > 0 ? Math.max(...temps) : undefined, memoryTempC, fanRpm })
}
