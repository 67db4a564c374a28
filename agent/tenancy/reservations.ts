import { FactSource } from './fact-source.ts'
import type { GpuUse } from './gpu-use.ts'
import type { Pods } from './pods.ts'
import type { TenancySettings } from './settings.ts'
import type { SlurmJobs } from './slurm-jobs.ts'
import { type PrologEntry, readPrologFolder } from './slurm-prolog.ts'
import type { Tenant } from './tenant-owners.ts'

/** A GPU, or a MIG instance of it, that a tenant was given, whether or not it is in use. */
interface TenantReservation {
  tenant: Tenant
  index: number
  instance?: number
}

/** Which tenant was given which GPU. Slurm's prolog says so, or else the environments of its jobs; for pods, the kubelet. */
export class Reservations {
  readonly #folder: string | undefined
  readonly #slurm: SlurmJobs
  readonly #pods: Pods | undefined
  readonly #prolog: FactSource
  /** the last good read: nobody loses a GPU because the folder can't be read for a moment */
  #entries: readonly PrologEntry[] = []

  constructor(
    { slurm, timeout }: TenancySettings,
    jobs: SlurmJobs,
    pods: Pods | undefined,
    nowMs: () => number,
  ) {
    this.#folder = slurm.prologFolder
    this.#slurm = jobs
    this.#pods = pods
    this.#prolog = new FactSource('GPUs of Slurm jobs', slurm.prologFolder ?? 'the prolog', timeout, nowMs)
  }

  get faults(): (string | undefined)[] {
    return [this.#prolog.fault]
  }

  async of(gpus: readonly GpuUse[], signal: AbortSignal): Promise<TenantReservation[]> {
    const [jobs, pods] = await Promise.all([
      this.#folder === undefined ? this.#fromJobs(gpus) : this.#fromProlog(this.#folder, signal),
      this.#pods?.reservations(gpus, signal) ?? [],
    ])
    return [
      ...jobs.map(({ job, ...place }) => ({ tenant: { kind: 'slurm' as const, job }, ...place })),
      ...pods,
    ]
  }

  async #fromProlog(folder: string, signal: AbortSignal): Promise<readonly PrologEntry[]> {
    this.#entries = (await this.#prolog.ask(() => readPrologFolder(folder), signal)) ?? this.#entries
    return this.#entries
  }

  /** Empty where a board is divided: Slurm's ids then count MIG instances in an order of its own, and only the prolog knows them. */
  #fromJobs(gpus: readonly GpuUse[]): PrologEntry[] {
    if (gpus.some((gpu) => gpu.instances?.length)) return []
    return [...this.#slurm.jobs].flatMap(([job, { gpus: ids }]) => [...ids].map((index) => ({ job, index })))
  }
}
