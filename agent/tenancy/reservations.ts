import type { GpuUse } from './contract.ts'
import type { Pods } from './pods.ts'
import { type PrologEntry, readPrologFolder } from './prolog.ts'
import type { TenancySettings } from './settings.ts'
import type { SlurmNode } from './slurm-node.ts'
import { Source } from './source.ts'
import type { Tenant } from './tenants.ts'

/** A GPU, or a MIG instance of it, that a tenant was given, in use or not. */
interface TenantReservation {
  tenant: Tenant
  index: number
  instance?: number
}

/** Who was given which GPU: by Slurm's prolog, or else by what its jobs say; by the kubelet. */
export class Reservations {
  readonly #folder: string | undefined
  readonly #slurm: SlurmNode
  readonly #pods: Pods | undefined
  readonly #prolog: Source
  /** as last read: a folder that can't be read for a moment takes no GPU from anybody */
  #entries: readonly PrologEntry[] = []

  constructor(
    { slurm, timeout }: TenancySettings,
    node: SlurmNode,
    pods: Pods | undefined,
    nowMs: () => number,
  ) {
    this.#folder = slurm.prologFolder
    this.#slurm = node
    this.#pods = pods
    this.#prolog = new Source('GPUs of Slurm jobs', slurm.prologFolder ?? 'the prolog', timeout, nowMs)
  }

  get faults(): (string | undefined)[] {
    return [this.#prolog.fault]
  }

  async of(gpus: readonly GpuUse[], signal: AbortSignal): Promise<TenantReservation[]> {
    const [jobs, pods] = await Promise.all([
      this.#folder === undefined ? this.#toldByJobs(gpus) : this.#written(this.#folder, signal),
      this.#pods?.reservations(gpus, signal) ?? [],
    ])
    return [
      ...jobs.map(({ job, ...place }) => ({ tenant: { kind: 'slurm' as const, job }, ...place })),
      ...pods,
    ]
  }

  async #written(folder: string, signal: AbortSignal): Promise<readonly PrologEntry[]> {
    this.#entries = (await this.#prolog.ask(() => readPrologFolder(folder), signal)) ?? this.#entries
    return this.#entries
  }

  /** Where a board is divided, Slurm's ids count the instances, in an order of its own: then only the prolog knows. */
  #toldByJobs(gpus: readonly GpuUse[]): PrologEntry[] {
    if (gpus.some((gpu) => gpu.instances?.length)) return []
    return [...this.#slurm.jobs].flatMap(([job, { gpus: ids }]) => [...ids].map((index) => ({ job, index })))
  }
}
