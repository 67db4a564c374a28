import type { Gpu, GpuHost } from './host.ts'

/** Grace Hopper superchips of a machine. Its other GPUs are not shown. */
const SOCKETS = 2
const MICRO = 1e6

/** What one superchip draws, W: the module contains the GPU and Grace, and Grace its CPU, SysIO and memory. */
export function superchipW(gpu: Gpu): { moduleW: number; graceW: number; cpuW: number; sysioW: number } {
  const cpuW = 60 + 120 * gpu.utilizationRatio
  const sysioW = 40
  const memoryW = 20
  const graceW = cpuW + sysioW + memoryW
  return { moduleW: gpu.powerW + graceW, graceW, cpuW, sysioW }
}

/** The superchips' GPUs, as if the host were a Grace machine. */
export const superchips = ({ gpus }: GpuHost): readonly Gpu[] => gpus.slice(0, SOCKETS)

/**
 * The files below /sys/class/hwmon of a machine with Grace (NVIDIA, Grace Performance Tuning Guide, Power and Thermals; Linux,
 * Documentation/hwmon/acpi_power_meter.rst), behind a heading: path, a tab, content. A chip of another kind stands first.
 */
export function graceFiles(host: GpuHost): string {
  const meters = superchips(host).flatMap((gpu, socket) => {
    const { moduleW, graceW, cpuW, sysioW } = superchipW(gpu)
    return [
      [`Module Power Socket ${socket}`, moduleW],
      [`Grace Power Socket ${socket}`, graceW],
      [`CPU Power Socket ${socket}`, cpuW],
      [`SysIO Power Socket ${socket}`, sysioW],
    ] as const
  })
  const files = [
    ['hwmon0/name', 'nvme'],
    ['hwmon0/temp1_input', '41850'],
    ...meters.flatMap(([oemInfo, watts], i) => {
      const chip = `hwmon${i + 1}/device`
      // the kernel's driver has all its files one folder down
      return [
        [`${chip}/name`, 'power_meter'],
        [`${chip}/power1_average`, String(Math.round(watts * MICRO))],
        [`${chip}/power1_average_interval`, '50'],
        [`${chip}/power1_oem_info`, oemInfo],
      ]
    }),
  ]
  return ['path\tcontent', ...files.map((file) => file.join('\t'))].join('\n')
}
