import type { Gpu, GpuHost } from './host.ts'

/** An MI300X in CPX is eight GPUs for every program (AMD, Instinct MI300X GPU partitioning). */
export const PARTITIONS = 8
/** partitions that a job on the chip uses */
const USED = 4

/** What AMD's tools print about the host's chips, each in eight partitions of which only the first one shows the chip's power. */
export const AMD_PAGES: Readonly<Record<string, (host: GpuHost) => string>> = {
  'amd-smi-metric': (host) => listed(host, metric),
  'amd-smi-static': (host) => listed(host, fixed),
  'amd-smi-process': (host) => listed(host, ({ index }) => ({ gpu: index, process_list: [] })),
  'rocm-smi': (host) =>
    JSON.stringify(Object.fromEntries(partsOf(host).map((part) => [`card${part.index}`, card(part)]))),
  'rocm-smi-dies': ({ gpus }) => JSON.stringify(Object.fromEntries(gpus.flatMap(dies))),
}

interface Part {
  gpu: Gpu
  /** number of the partition in its chip */
  partition: number
  /** number of the GPU as programs see it */
  index: number
}

const partsOf = (host: GpuHost): Part[] =>
  host.gpus.flatMap((gpu) =>
    Array.from({ length: PARTITIONS }, (_, partition) => ({
      gpu,
      partition,
      index: gpu.index * PARTITIONS + partition,
    })),
  )

const listed = (host: GpuHost, row: (part: Part) => object): string => JSON.stringify(partsOf(host).map(row))

const isFirst = ({ partition }: Part): boolean => partition === 0
const activity = ({ gpu, partition }: Part): number => (partition < USED ? gpu.utilizationRatio : 0)
/** The function of a partition's address is its number. */
const address = ({ gpu, partition }: Part): string =>
  `0000:${gpu.pciBusId.split(':')[1]?.toLowerCase()}:00.${partition}`

const metric = (part: Part) => ({
  gpu: part.index,
  usage: { gfx_activity: { value: Math.round(100 * activity(part)), unit: '%' } },
  power: { socket_power: isFirst(part) ? { value: Math.round(part.gpu.powerW), unit: 'W' } : 'N/A' },
  energy: {
    total_energy_consumption: isFirst(part)
      ? { value: part.gpu.energyCounterMilliJ / 1000, unit: 'J' }
      : 'N/A',
  },
  temperature: { hotspot: { value: Math.round(part.gpu.tempC), unit: 'C' } },
})

const fixed = (part: Part) => ({
  gpu: part.index,
  asic: { market_name: part.gpu.model.name, asic_serial: isFirst(part) ? serialOf(part.gpu) : 'N/A' },
  bus: { bdf: address(part) },
  partition: { accelerator_partition: isFirst(part) ? 'CPX' : 'N/A', partition_id: part.partition },
})

const serialOf = ({ uuid }: Gpu): string => `0x${uuid.replaceAll(/[^0-9a-f]/g, '').slice(0, 16)}`

const card = (part: Part) => ({
  'Card Series': part.gpu.model.name,
  'PCI Bus': address(part).toUpperCase(),
  'Current Socket Graphics Package Power (W)': isFirst(part) ? part.gpu.powerW.toFixed(1) : 'N/A',
  'GPU use (%)': String(Math.round(100 * activity(part))),
  'Temperature (Sensor junction) (C)': part.gpu.tempC.toFixed(1),
})

/** As an MI250X of two dies, each with an id of its own. The second one shows 0 W (mlco2/codecarbon, issue 1097). Only the first one works. */
const dies = (gpu: Gpu) =>
  [0, 1].map((die) => [
    `card${2 * gpu.index + die}`,
    {
      'Card Series': 'AMD INSTINCT MI250X',
      'Unique ID': `${serialOf(gpu).slice(0, 17)}${die}`,
      'PCI Bus': address({ gpu, partition: 0, index: 0 }).replace(':00.', `:0${die}.`).toUpperCase(),
      'Average Graphics Package Power (W)': die === 0 ? gpu.powerW.toFixed(1) : '0.0',
      'GPU use (%)': String(die === 0 ? Math.round(100 * gpu.utilizationRatio) : 0),
    },
  ])
