import type { Owner } from '../../protocol/owner.ts'
import { ProcReader } from './proc-reader.ts'
import type { TenancySettings } from './settings.ts'
import { SlurmJobs } from './slurm-jobs.ts'
import { TenantOwners } from './tenant-owners.ts'

/** Account, user and partition of Slurm jobs, for a source that names only the job. */
export class JobOwners {
  readonly #local: boolean
  readonly #slurm: SlurmJobs
  readonly #owners: TenantOwners

  /**
   * @param local whether the jobs run on this machine, so that their environments tell it where slurmrestd is not configured
   * @param nowMs a steady clock
   */
  constructor(settings: TenancySettings, local: boolean, nowMs: () => number) {
    this.#local = local
    this.#slurm = new SlurmJobs(settings, new ProcReader(settings.proc, nowMs), nowMs)
    this.#owners = new TenantOwners(settings, this.#slurm, nowMs)
  }

  /** Sources that did not answer, one line each with what to do. */
  get faults(): string[] {
    const faults = [...this.#owners.faults, ...(this.#local ? this.#slurm.faults : [])]
    return faults.filter((fault) => fault !== undefined)
  }

  /** An owner's further facts by job id; what no source tells is left out. Never rejects. */
  async of(jobs: readonly string[], signal: AbortSignal): Promise<(job: string) => Owner> {
    if (jobs.length === 0) return () => ({})
    if (this.#local) await this.#slurm.look(signal)
    const ownerOf = await this.#owners.owners(
      jobs.map((job) => ({ kind: 'slurm', job })),
      signal,
    )
    return (job) => ownerOf({ kind: 'slurm', job }) ?? {}
  }
}
