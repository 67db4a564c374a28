import { type Holder, type Owner, ownerKey } from '../../../protocol/owner.ts'
import type { PrometheusSample } from '../../wire/prometheus.ts'

/** Names of dcgm-exporter 1.x, which newer versions write with `1.x-compatibility-metrics.csv`. */
const OLD_NAMES: Record<string, string> = {
  dcgm_power_usage: 'DCGM_FI_DEV_POWER_USAGE',
  dcgm_total_energy_consumption: 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION',
  dcgm_gpu_utilization: 'DCGM_FI_DEV_GPU_UTIL',
  dcgm_gpu_temp: 'DCGM_FI_DEV_GPU_TEMP',
  dcgm_fb_used: 'DCGM_FI_DEV_FB_USED',
  dcgm_fb_free: 'DCGM_FI_DEV_FB_FREE',
  dcgm_xid_errors: 'DCGM_FI_DEV_XID_ERRORS',
}

/** Labels for each fact; the first that is not empty counts. After a Prometheus, `pod` is the exporter's own pod. */
const OWNER_LABELS = {
  namespace: ['exported_namespace', 'namespace', 'pod_namespace'],
  pod: ['exported_pod', 'pod', 'pod_name'],
  container: ['exported_container', 'container', 'container_name'],
  slurmJob: ['hpc_job'],
} as const

/** Key of the whole board; MIG instances have their GPU_I_ID as key. */
const WHOLE = ''

/**
 * The rows of one GPU. The exporter repeats a board's value for each MIG instance, sometimes without a row for the board itself, and
 * for each pod of a time-shared GPU. So rows of one metric are copies, not parts to be added up.
 */
export class DcgmGpu {
  /** label `gpu`: the index on its host */
  readonly index: string
  readonly labels = new Map<string, string>()
  /** metric, then instance */
  readonly #values = new Map<string, Map<string, number>>()
  /** instance, then owner's key */
  readonly #owners = new Map<string, Map<string, Owner>>()
  /** instance, then its compute slices */
  readonly #slices = new Map<string, number>()

  constructor(index: string) {
    this.index = index
  }

  add({ name, labels, value }: PrometheusSample): void {
    const instance = labels.get('GPU_I_ID') ?? WHOLE
    for (const [label, text] of labels) if (text !== '') this.labels.set(label, text)
    if (instance !== WHOLE)
      this.#slices.set(instance, Number(/(\d+)g\./.exec(labels.get('GPU_I_PROFILE') ?? '')?.[1] ?? 0))
    const owner = ownerOf(labels)
    if (owner) entry(this.#owners, instance).set(ownerKey(owner), owner)
    if (isBlank(value)) return
    const values = entry(this.#values, OLD_NAMES[name] ?? name)
    if (!values.has(instance)) values.set(instance, value)
  }

  /** A value of the board. Without a row of its own, the largest copy counts: copies differ only by the moment of measurement. */
  board(metric: string): number | undefined {
    const values = this.#values.get(metric)
    return values && (values.get(WHOLE) ?? Math.max(...values.values()))
  }

  /** A value of the board, or the sum over its MIG instances where each has a part of it, such as memory. */
  sum(metric: string): number | undefined {
    const values = this.#values.get(metric)
    return values && (values.get(WHOLE) ?? [...values.values()].reduce((a, v) => a + v, 0))
  }

  /** 0 to 1. Under MIG, DCGM_FI_DEV_GPU_UTIL is always 0, so the engines' activity counts instead, weighted by slices. */
  get utilizationRatio(): number | undefined {
    const active = this.#values.get('DCGM_FI_PROF_GR_ENGINE_ACTIVE')
    if (this.#slices.size === 0) {
      const percent = this.board('DCGM_FI_DEV_GPU_UTIL')
      return percent === undefined ? active?.get(WHOLE) : percent / 100
    }
    if (!active) return undefined
    const whole = active.get(WHOLE)
    if (whole !== undefined) return whole
    return [...active].reduce((sum, [instance, ratio]) => sum + ratio * this.#part(instance), 0)
  }

  /** The holders: pods of a time-shared GPU have equal shares, MIG instances their part of the slices. */
  get holders(): Holder[] {
    const holders = new Map<string, Holder>()
    const mig = [...this.#slices.keys()].some((instance) => this.#owners.has(instance))
    for (const [instance, owners] of this.#owners) {
      if (mig && instance === WHOLE) continue
      const share = this.#part(instance) / owners.size
      for (const [key, owner] of owners) {
        const holder = holders.get(key)
        if (holder) holder.share += share
        else holders.set(key, { owner, share })
      }
    }
    return [...holders.values()]
  }

  /** An instance's part of the board by compute slices, of which an A30 has 4 and larger GPUs have 7. */
  #part(instance: string): number {
    if (instance === WHOLE) return 1
    const slices = this.#slices.get(instance) ?? 0
    if (slices === 0) return 1 / this.#slices.size
    return slices / (/\bA30\b/.test(this.labels.get('modelName') ?? '') ? 4 : 7)
  }
}

/**
 * The rows of a page, by GPU.
 * @throws where one index belongs to two devices: the page covers several hosts, so their figures would be mixed up
 */
export function gpusOf(samples: readonly PrometheusSample[]): DcgmGpu[] {
  const gpus = new Map<string, DcgmGpu>()
  for (const sample of samples) {
    const index = sample.labels.get('gpu')
    if (index === undefined || !/^\d{1,4}$/.test(index) || !/^dcgm_/i.test(sample.name)) continue
    const gpu = gpus.get(index) ?? new DcgmGpu(index)
    gpus.set(index, gpu)
    const known = gpu.labels.get('UUID')
    const uuid = sample.labels.get('UUID') || known
    if (known !== undefined && uuid !== known)
      throw new Error(`gpu ${index} is both ${known} and ${uuid}; set url to the exporter of a single host`)
    gpu.add(sample)
  }
  return [...gpus.values()]
}

function ownerOf(labels: ReadonlyMap<string, string>): Owner | undefined {
  const owner: Owner = {}
  for (const [fact, names] of Object.entries(OWNER_LABELS)) {
    const text = names.map((name) => labels.get(name)).find((value) => value)
    if (text) owner[fact] = text.slice(0, 256)
  }
  return owner['pod'] || owner['slurmJob'] ? owner : undefined
}

/** DCGM's blank values (none, not found, not supported, not permitted), as int32, double and int64. */
const isBlank = (value: number): boolean =>
  !Number.isFinite(value) ||
  value >= 2 ** 62 ||
  (value >= 0x7ffffff0 && value <= 0x7ffffff3) ||
  (value >= 2 ** 47 && value <= 2 ** 47 + 3)

function entry<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const inner = map.get(key) ?? new Map<string, V>()
  map.set(key, inner)
  return inner
}
