import { defined } from '../../../protocol/kit/defined.ts'
import type { Holder, Owner } from '../../../protocol/owner.ts'
import { isAllIdle } from '../../gpu/idle-power.ts'
import { profileOf, wholeSlices } from '../../gpu/mig-slices.ts'
import { ratioOf } from '../../gpu/ranges.ts'
import { sharesOf } from '../../tenancy/gpu-shares.ts'
import type { PrometheusSample } from '../../wire/prometheus.ts'
import { isBlank } from './blank.ts'
import { whoOf } from './owner-labels.ts'

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
  /** instance, then who it is */
  readonly #owners = new Map<string, Map<string, Owner>>()
  /** instance, then its compute slices */
  readonly #slices = new Map<string, number>()
  /** instance, then the name of its MIG profile */
  readonly #profiles = new Map<string, string>()

  constructor(index: string) {
    this.index = index
  }

  /** @param owner who holds the GPU or instance by the row's labels */
  add({ name, labels, value }: PrometheusSample, owner: Owner | undefined): void {
    const instance = labels.get('GPU_I_ID') || WHOLE
    for (const [label, text] of labels) if (text !== '') this.labels.set(label, text)
    if (instance !== WHOLE) {
      const profile = labels.get('GPU_I_PROFILE') || this.#profiles.get(instance) || ''
      this.#profiles.set(instance, profile)
      this.#slices.set(instance, profileOf(profile)?.slices ?? 0)
    }
    if (owner) {
      const owners = entry(this.#owners, instance)
      // a row may lack facts that another row of the same owner has
      owners.set(whoOf(owner), { ...owner, ...owners.get(whoOf(owner)) })
    }
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
    if (this.#slices.size === 0) {
      const percent = this.board('DCGM_FI_DEV_GPU_UTIL')
      return percent === undefined ? this.#activity(WHOLE) : percent / 100
    }
    const whole = this.#activity(WHOLE)
    if (whole !== undefined) return whole
    const told = [...this.#slices.keys()].flatMap((instance) => {
      const ratio = this.#activity(instance)
      return ratio === undefined ? [] : [ratio * this.#part(instance)]
    })
    const sum = told.reduce((total, ratio) => total + ratio, 0)
    // where the others are idle, an instance that does not tell its activity may still work
    return told.length === this.#slices.size || sum > 0 ? sum : undefined
  }

  /** Whether nothing on the board computes; undefined: a part of it doesn't tell. */
  get idle(): boolean | undefined {
    if (this.#slices.size === 0) return undefined
    return isAllIdle([...this.#slices.keys()].map((instance) => this.#activity(instance)))
  }

  /** Ids of the Slurm jobs that hold the GPU or a part of it. */
  get jobs(): string[] {
    return [...this.#owners.values()].flatMap((owners) =>
      [...owners.values()].flatMap((owner) => owner['slurmJob'] ?? []),
    )
  }

  /**
   * The holders: pods of a time-shared GPU have equal shares, MIG instances their part of the slices.
   * @param more further facts of a Slurm job
   */
  holders(
    power: { powerW?: number | undefined; idleW?: number | undefined },
    more: (job: string) => Owner,
  ): Holder[] {
    const mig = [...this.#slices.keys()].some((instance) => this.#owners.has(instance))
    const reservations = [...this.#owners].flatMap(([instance, owners]) => {
      if (mig && instance === WHOLE) return []
      const place = instance === WHOLE ? {} : { instance: Number(instance) }
      return [...owners.values()].map((owner) => {
        const job = owner['slurmJob']
        return { owner: job === undefined ? owner : { ...more(job), ...owner }, ...place }
      })
    })
    const instances = [...this.#slices].map(([instance, smCount]) =>
      defined({ instance: Number(instance), smCount, activityRatio: this.#activity(instance) }),
    )
    const utilizationRatio = this.#activity(WHOLE)
    return sharesOf(
      defined({ ...power, utilizationRatio, instances, smCount: this.#boardSlices }),
      [],
      reservations,
    )
  }

  #activity(instance: string): number | undefined {
    return ratioOf(this.#values.get('DCGM_FI_PROF_GR_ENGINE_ACTIVE')?.get(instance))
  }

  /** Compute slices of the board. */
  get #boardSlices(): number {
    return wholeSlices(this.labels.get('modelName'), [...this.#profiles.values()], this.#boardGb)
  }

  /** Memory of the board, GB; undefined where only its instances tell theirs. */
  get #boardGb(): number | undefined {
    const mib = (name: string) => this.#values.get(`DCGM_FI_DEV_FB_${name}`)?.get(WHOLE)
    const [used, free] = [mib('USED'), mib('FREE')]
    const total =
      mib('TOTAL') ??
      (used === undefined || free === undefined ? undefined : used + free + (mib('RESERVED') ?? 0))
    return total === undefined ? undefined : total / 1024
  }

  /** An instance's part of the board by compute slices. */
  #part(instance: string): number {
    const slices = this.#slices.get(instance) ?? 0
    return slices === 0 ? 1 / this.#slices.size : slices / this.#boardSlices
  }
}

/**
 * The rows of a page, by GPU.
 * @param ownerOf who holds the GPU by the labels of one of its rows
 * @throws where one index belongs to two devices: the page covers several hosts, so their figures would be mixed up
 */
export function gpusOf(
  samples: readonly PrometheusSample[],
  ownerOf: (labels: ReadonlyMap<string, string>) => Owner | undefined,
): DcgmGpu[] {
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
    gpu.add(sample, ownerOf(sample.labels))
  }
  return [...gpus.values()]
}

function entry<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const inner = map.get(key) ?? new Map<string, V>()
  map.set(key, inner)
  return inner
}
