import type { Gpu, GpuHost } from './host.ts'

/** DCGM's "not supported" of a 64-bit field (like DCGM_INT64_BLANK), which the exporter prints as a number. */
export const BLANK = '9223372036854775794'
const DRIVER_VERSION = '570.133.20'

interface Field {
  name: string
  type: 'gauge' | 'counter'
  help: string
  value: (gpu: Gpu) => number | string
}

const FIELDS: readonly Field[] = [
  {
    name: 'DCGM_FI_DEV_SM_CLOCK',
    type: 'gauge',
    help: 'SM clock frequency (in MHz).',
    value: (g) => (g.job ? g.model.smClockMHz : 345),
  },
  {
    name: 'DCGM_FI_DEV_MEM_CLOCK',
    type: 'gauge',
    help: 'Memory clock frequency (in MHz).',
    value: (g) => g.model.memoryClockMHz,
  },
  {
    name: 'DCGM_FI_DEV_MEMORY_TEMP',
    type: 'gauge',
    help: 'Memory temperature (in C).',
    value: (g) => (g.model.memorySensor ? Math.round(g.tempC + 8) : BLANK),
  },
  {
    name: 'DCGM_FI_DEV_GPU_TEMP',
    type: 'gauge',
    help: 'GPU temperature (in C).',
    value: (g) => Math.round(g.tempC),
  },
  {
    name: 'DCGM_FI_DEV_POWER_USAGE',
    type: 'gauge',
    help: 'Power draw (in W).',
    value: (g) => g.powerW.toFixed(3),
  },
  {
    name: 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION',
    type: 'counter',
    help: 'Total energy consumption since boot (in mJ).',
    value: (g) => g.energyCounterMilliJ,
  },
  {
    name: 'DCGM_FI_DEV_PCIE_REPLAY_COUNTER',
    type: 'counter',
    help: 'Total number of PCIe retries.',
    value: () => 0,
  },
  {
    name: 'DCGM_FI_DEV_GPU_UTIL',
    type: 'gauge',
    help: 'GPU utilization (in %).',
    value: (g) => Math.round(g.utilizationRatio * 100),
  },
  {
    name: 'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
    type: 'gauge',
    help: 'Ratio of time the graphics engine is active.',
    value: (g) => g.utilizationRatio.toFixed(6),
  },
  {
    name: 'DCGM_FI_DEV_MEM_COPY_UTIL',
    type: 'gauge',
    help: 'Memory utilization (in %).',
    value: (g) => Math.round(g.utilizationRatio * 42),
  },
  {
    name: 'DCGM_FI_DEV_XID_ERRORS',
    type: 'gauge',
    help: 'Value of the last XID error encountered.',
    value: (g) => g.xid,
  },
  {
    name: 'DCGM_FI_DEV_FB_FREE',
    type: 'gauge',
    help: 'Framebuffer memory free (in MiB).',
    value: (g) => g.model.memoryMiB - g.memoryUsedMiB,
  },
  {
    name: 'DCGM_FI_DEV_FB_USED',
    type: 'gauge',
    help: 'Framebuffer memory used (in MiB).',
    value: (g) => g.memoryUsedMiB,
  },
]

/** The `/metrics` page of dcgm-exporter: every field of every GPU, labelled with the pod that holds it, if any. */
export const dcgmText = (host: GpuHost): string =>
  pageOf(host, { rows: (gpu) => [{ ...labelsOf(host, gpu), ...holderOf(gpu) }] })

export type Labels = Record<string, string | number>

/** What another form of the page shows. */
export interface Page {
  /** the labels of each row of a GPU */
  rows: (gpu: Gpu, host: GpuHost) => readonly Labels[]
  /** another value than that of the plain page; undefined: the same; null: the row is left out */
  value?: (field: string, row: Labels, gpu: Gpu) => number | string | null | undefined
}

/** Every field of every GPU. */
export function pageOf(host: GpuHost, { rows, value: other }: Page): string {
  const labels = host.gpus.map((gpu) => rows(gpu, host))
  let text = ''
  for (const { name, type, help, value } of FIELDS) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
    host.gpus.forEach((gpu, i) => {
      for (const row of labels[i] ?? []) {
        const shown = other?.(name, row, gpu)
        if (shown !== null) text += `${name}{${textOf(row)}} ${shown ?? value(gpu)}\n`
      }
    })
  }
  return text
}

const textOf = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')

export const labelsOf = (host: GpuHost, gpu: Gpu): Labels => ({
  gpu: gpu.index,
  UUID: gpu.uuid,
  pci_bus_id: gpu.pciBusId,
  device: `nvidia${gpu.index}`,
  modelName: gpu.model.name,
  Hostname: host.name,
  DCGM_FI_DRIVER_VERSION: DRIVER_VERSION,
})

export const holderOf = ({ job }: Pick<Gpu, 'job'>, prefix = ''): Labels =>
  job
    ? {
        [`${prefix}container`]: job.container,
        [`${prefix}namespace`]: job.namespace,
        [`${prefix}pod`]: job.pod,
      }
    : {}
