import type { Gpu, GpuHost } from './host.ts'

/** DCGM's "not supported" of a 64-bit field (like DCGM_INT64_BLANK), which the exporter prints as a number. */
const BLANK = '9223372036854775794'
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

/** The pages of a host's exporter behind `/metrics/`, '' for its own. */
export const DCGM_PAGES: Readonly<Record<string, (host: GpuHost) => string>> = {
  '': dcgmText,
  mig: (host) => pageOf(host, instanceRows),
  relabelled: (host) => pageOf(host, relabelledRows),
  module: (host) => pageOf(host, moduleRows),
}

/** The `/metrics` page of dcgm-exporter: every field of every GPU, labelled with the pod that holds it, if any. */
export function dcgmText(host: GpuHost): string {
  return pageOf(host, (gpu) => [{ ...labelsOf(host, gpu), ...holderOf(gpu) }])
}

type Labels = Record<string, string | number>
function pageOf(host: GpuHost, rows: (gpu: Gpu, host: GpuHost) => readonly Labels[]): string {
  const labels = host.gpus.map((gpu) => rows(gpu, host))
  let text = ''
  for (const { name, type, help, value } of FIELDS) {
    text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
    host.gpus.forEach((gpu, i) => {
      for (const row of labels[i] ?? [])
        text += `${name}{${textOf(row)}} ${inInstance(row, name) ?? ofModule(row, name, gpu) ?? value(gpu)}\n`
    })
  }
  return text
}

const textOf = (labels: Labels): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')

const labelsOf = (host: GpuHost, gpu: Gpu): Labels => ({
  gpu: gpu.index,
  UUID: gpu.uuid,
  pci_bus_id: gpu.pciBusId,
  device: `nvidia${gpu.index}`,
  modelName: gpu.model.name,
  Hostname: host.name,
  DCGM_FI_DRIVER_VERSION: DRIVER_VERSION,
})

const holderOf = ({ job }: Gpu, prefix = ''): Labels =>
  job
    ? {
        [`${prefix}container`]: job.container,
        [`${prefix}namespace`]: job.namespace,
        [`${prefix}pod`]: job.pod,
      }
    : {}

/** Each board cut into instances of 3, 2, 1 and 1 slices. Its job holds the largest one, and the others are free. */
const INSTANCES = [
  { id: 1, profile: '3g.40gb' },
  { id: 2, profile: '2g.20gb' },
  { id: 3, profile: '1g.10gb' },
  { id: 4, profile: '1g.10gb' },
] as const
const LARGEST = 1

/** The exporter repeats the board's values for each instance. */
const instanceRows = (gpu: Gpu, host: GpuHost): Labels[] =>
  INSTANCES.map(({ id, profile }) => ({
    ...labelsOf(host, gpu),
    GPU_I_PROFILE: profile,
    GPU_I_ID: id,
    ...(id === LARGEST && holderOf(gpu)),
  }))

/** As a Prometheus shows the page to others with `honorLabels: false`: its target's labels are the exporter's own pod. */
const relabelledRows = (gpu: Gpu, host: GpuHost): Labels[] => [
  {
    ...labelsOf(host, gpu),
    instance: '10.42.0.7:9400',
    job: 'gpu-nodes',
    namespace: 'monitoring',
    pod: 'gpu-metrics-7xk2p',
    container: 'exporter',
    ...holderOf(gpu, 'exported_'),
  },
]

/** Under MIG the board has no use of its own, and only the largest instance computes. */
function inInstance({ GPU_I_ID: instance }: Labels, field: string): number | undefined {
  if (instance === undefined) return undefined
  if (field === 'DCGM_FI_DEV_GPU_UTIL') return 0
  return field === 'DCGM_FI_PROF_GR_ENGINE_ACTIVE' && instance !== LARGEST ? 0 : undefined
}

const MODULE = 'NVIDIA GH200 480GB'
/** what a module with its Grace and memory draws beside its GPU under load, in parts of the GPU's power */
const MODULE_PART = 1.28

const moduleRows = (gpu: Gpu, host: GpuHost): Labels[] => [
  { ...labelsOf(host, gpu), modelName: MODULE, ...holderOf(gpu) },
]

/** The energy counter of a GH200 is the module's, while its power is the GPU's. */
const ofModule = ({ modelName }: Labels, field: string, gpu: Gpu): number | undefined =>
  modelName === MODULE && field === 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION'
    ? Math.round(MODULE_PART * gpu.energyCounterMilliJ)
    : undefined
