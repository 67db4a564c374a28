import type { Random } from '../base/random.ts'

/** A container that holds whole GPUs of one host, as Kubernetes' device plugin assigns them. */
export interface Job {
  namespace: string
  pod: string
  container: string
  /** utilisation of its GPUs now, 0 to 1 */
  load: number
}

export interface GpuModel {
  /** as the driver spells it */
  name: string
  memoryMiB: number
  idleW: number
  loadedW: number
  smClockMHz: number
  memoryClockMHz: number
  idleC: number
  loadedC: number
  /** true for HBM; GDDR6 has no sensor, and DCGM writes its blank value */
  memorySensor: boolean
}

/** Idle and loaded power as captured on real GPUs (H100: 70 and 630 W). */
export const GPU_MODELS = {
  h100: {
    name: 'NVIDIA H100 80GB HBM3',
    memoryMiB: 81_559,
    idleW: 70,
    loadedW: 630,
    smClockMHz: 1980,
    memoryClockMHz: 2619,
    idleC: 31,
    loadedC: 66,
    memorySensor: true,
  },
  l40s: {
    name: 'NVIDIA L40S',
    memoryMiB: 46_068,
    idleW: 36,
    loadedW: 318,
    smClockMHz: 2520,
    memoryClockMHz: 9001,
    idleC: 34,
    loadedC: 70,
    memorySensor: false,
  },
  // AMD's data sheet has 750 W at most; idle as the driver amd-smi expects it
  mi300x: {
    name: 'AMD Instinct MI300X',
    memoryMiB: 196_592,
    idleW: 175,
    loadedW: 750,
    smClockMHz: 2100,
    memoryClockMHz: 1300,
    idleC: 38,
    loadedC: 72,
    memorySensor: true,
  },
} as const satisfies Record<string, GpuModel>

export type GpuModelName = keyof typeof GPU_MODELS
/** Whether it is read by AMD's tools, not by NVIDIA's. */
export const isAmd = ({ name }: GpuModel): boolean => name.startsWith('AMD')

/** memory that the driver and an idle context use */
const RESERVED_MIB = 520
/** the energy counter's value when the simulation begins; not 0, because a reader may take 0 for "no counter" */
const COUNTED_BEFORE_MILLI_J = 1000
const THERMAL_S = 30
/** efficiency of the GPU hosts' power supplies */
const SUPPLY_EFFICIENCY = 0.94
/** power of a GPU host's CPUs, memory and network; its fans draw in proportion to the load */
const HOST_BASE_W = 620
const FANS_RATIO = 0.07
/** time constant with which the power follows the load: the sensor is an average over 1 s */
const ELECTRICAL_S = 1.5

/** One GPU, whose power and temperature follow its job's load. */
export class Gpu {
  readonly index: number
  readonly model: GpuModel
  readonly uuid: string
  readonly pciBusId: string
  /** the job that holds it; absent: none */
  job?: Job
  utilizationRatio = 0
  powerW: number
  tempC: number
  memoryUsedMiB = RESERVED_MIB
  /** the last XID error that the driver saw; 0: none */
  xid = 0
  /** true energy since the simulation began, J */
  energyJ = 0
  readonly #random: Random

  constructor(index: number, model: GpuModel, random: Random) {
    const hex = (digits: number) =>
      Array.from({ length: digits }, () => random.whole(0, 15).toString(16)).join('')
    this.index = index
    this.model = model
    this.uuid = `GPU-${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`
    this.pciBusId = `00000000:${(0x17 + index * 0x10).toString(16).toUpperCase()}:00.0`
    this.powerW = model.idleW
    this.tempC = model.idleC
    this.#random = random
  }

  /** the driver's energy counter, mJ */
  get energyCounterMilliJ(): number {
    return COUNTED_BEFORE_MILLI_J + this.countedMilliJ
  }

  /** growth of the driver's counter since the simulation began, mJ */
  get countedMilliJ(): number {
    return Math.floor(this.energyJ * 1000)
  }

  advance(dtS: number): void {
    const { model, job } = this
    const load = job ? Math.min(1, Math.max(0, job.load + 0.02 * this.#random.normal())) : 0
    this.utilizationRatio = load
    // a GPU with a job keeps its clocks high, and draws more, even while the job is idle
    const targetW = model.idleW + (model.loadedW - model.idleW) * (job ? 0.05 + 0.95 * load : 0)
    const noiseW = 0.004 * targetW * this.#random.normal()
    this.powerW += (targetW - this.powerW) * (1 - Math.exp(-dtS / ELECTRICAL_S)) + noiseW
    this.energyJ += this.powerW * dtS
    const targetC =
      model.idleC +
      ((model.loadedC - model.idleC) * (this.powerW - model.idleW)) / (model.loadedW - model.idleW)
    this.tempC += (targetC - this.tempC) * (1 - Math.exp(-dtS / THERMAL_S))
    this.memoryUsedMiB = job ? Math.round(model.memoryMiB * (0.35 + 0.55 * load)) : RESERVED_MIB
  }
}

/** A machine with GPUs, read by one DCGM exporter. */
export class GpuHost {
  readonly name: string
  readonly gpus: readonly Gpu[]

  constructor(name: string, model: GpuModel, count: number, random: Random) {
    this.name = name
    this.gpus = Array.from({ length: count }, (_, i) => new Gpu(i, model, random.fork(`gpu${i}`)))
  }

  get free(): Gpu[] {
    return this.gpus.filter((g) => !g.job)
  }

  /** power of its GPUs */
  get powerW(): number {
    return this.gpus.reduce((sum, g) => sum + g.powerW, 0)
  }

  /** power at its plug: the GPUs, losses of the power supplies, CPUs, fans */
  get wallW(): number {
    return this.powerW * (1 / SUPPLY_EFFICIENCY + FANS_RATIO) + HOST_BASE_W
  }
}
