import type { Gpu, GpuHost } from './host.ts'

const MODEL = 'Intel(R) Data Center GPU Max 1550'

/** What Intel's xpu-smi 2 prints about a host, as if its GPUs were Intel's (intel.github.io/xpumanager, dump and discovery). */
export const INTEL_PAGES: Readonly<Record<string, (host: GpuHost) => string>> = {
  'xpu-smi-dump': ({ gpus }) => [HEAD, ...gpus.map(row)].join('\n'),
  'xpu-smi-discovery': ({ gpus }) =>
    JSON.stringify({
      device_list: gpus.map((gpu) => ({
        device_id: gpu.index,
        device_name: MODEL,
        pci_bdf_address: gpu.pciBusId.slice(4).toLowerCase(),
      })),
    }),
}

const HEAD =
  'Timestamp,DeviceId,utilization.gpu (%),power.draw (W),temperature.gpu (C),energy.consumed (J),memory.used (MiB)'
/** Version 2 counts the energy of the GPU's own domain, and shows the power of the whole card. */
const DOMAIN = 0.8

const row = (gpu: Gpu): string =>
  [
    '12:00:00.000',
    gpu.index,
    (100 * gpu.utilizationRatio).toFixed(2),
    gpu.powerW.toFixed(2),
    Math.round(gpu.tempC),
    ((DOMAIN * gpu.energyCounterMilliJ) / 1000).toFixed(2),
    gpu.memoryUsedMiB,
  ].join(',')
