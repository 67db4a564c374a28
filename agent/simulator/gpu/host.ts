import type { Random } from '../base/random.ts'

/** A container that holds whole GPUs of one host, as Kubernetes' device plugin gives them out. */
export interface Job {
  namespace: string
  pod: string
  container: string
  /** how busy its GPUs are now, 0 to 1 */
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
  /** HBM has a sensor; GDDR6 has none, and DCGM writes its blank value */
  memorySensor: boolean
}

/** Idle and loaded power as captured on real ones (H100 70 and 630 W). */
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
} as const satisfies Record<string, GpuModel>

/** what the driver and an idle context keep for themselves */
const RESERVED_MIB = 520
/** what the counter shows when the driver is loaded, which is when the world begins: a zero says nothing to who reads it */
const COUNTED_BEFORE_MILLI_J = 1000
const THERMAL_S = 30
/** of what GPUs take, this much reaches them from the wall */
const SUPPLY_EFFICIENCY = 0.94
/** CPUs, memory, network of a GPU host; fans come with the load */
const HOST_BASE_W = 620
const FANS_RATIO = 0.07
/** power follows the load within a couple of seconds: the sensor is an average over 1 s */
const ELECTRICAL_S = 1.5

/** One GPU: power and temperature follow what its job does. */
export class Gpu {
  readonly index: number
  readonly model: GpuModel
  readonly uuid: string
  readonly pciBusId: string
  /** who holds it; absent: nobody */
  job?: Job
  utilizationRatio = 0
  powerW: number
  tempC: number
  memoryUsedMiB = RESERVED_MIB
  /** the last XID error that the driver saw; 0 none */
  xid = 0
  /** truth since the world began, J */
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

  /** the driver's counter, mJ */
  get energyCounterMilliJ(): number {
    return COUNTED_BEFORE_MILLI_J + this.countedMilliJ
  }

  /** what that counter has counted since the world began, mJ */
  get countedMilliJ(): number {
    return Math.floor(this.energyJ * 1000)
  }

  advance(dtS: number): void {
    const { model, job } = this
    const load = job ? Math.min(1, Math.max(0, job.load + 0.02 * this.#random.normal())) : 0
    this.utilizationRatio = load
    // a held GPU keeps its clocks up even while it waits
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

  /** of its GPUs */
  get powerW(): number {
    return this.gpus.reduce((sum, g) => sum + g.powerW, 0)
  }

  /** at its plug: the GPUs, what its supplies lose, CPUs, fans */
  get wallW(): number {
    return this.powerW * (1 / SUPPLY_EFFICIENCY + FANS_RATIO) + HOST_BASE_W
  }
}
