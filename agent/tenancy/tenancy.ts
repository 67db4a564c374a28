import { setMaxListeners } from 'node:events'
import type { Holder } from '../../protocol/owner.ts'
import { sharesOf } from './gpu-shares.ts'
import type { GpuUse } from './gpu-use.ts'
import { ProcReader } from './proc-reader.ts'
import { Reservations } from './reservations.ts'
import type { TenancySettings } from './settings.ts'
import { SlurmJobs } from './slurm-jobs.ts'
import { type Tenant, TenantOwners } from './tenant-owners.ts'

export { TenancySettingsSchema } from './settings.ts'

/** Who holds a GPU now. */
export interface GpuTenancy {
  /**
   * Empty: nobody. Where the shares sum to less than 1, nobody holds the rest. `estimated`: the GPU is split between several.
   */
  holders: Holder[]
  /**
   * Sources that did not answer, one line each with what to do; repeated on every poll while it lasts. They concern the whole
   * host, so only its first GPU carries them.
   */
  notes?: string[]
}

export interface Tenancy {
  /** One answer for each GPU, in the given order. Never rejects: what can't be found out becomes a note. */
  of(gpus: readonly GpuUse[], signal: AbortSignal): Promise<GpuTenancy[]>
  close?(): void
}

/**
 * Finds out who holds the GPUs of this host. Running processes lead through their control group to a Slurm job, pod, container or
 * user. Reservations by Slurm or Kubernetes count too, whether or not the GPU is in use.
 * @param nowMs a steady clock
 */
export function openTenancy(settings: TenancySettings, nowMs = () => performance.now()): Tenancy {
  const proc = new ProcReader(settings.proc, nowMs)
  const slurm = new SlurmJobs(settings, proc, nowMs)
  const tenants = new TenantOwners(settings, slurm, nowMs)
  const reservations = new Reservations(settings, slurm, tenants.pods, nowMs)

  const tenantOf = async (pid: number, signal: AbortSignal): Promise<Tenant | undefined> => {
    const process = proc.process(pid)
    if (!process) return undefined
    const { membership } = process
    if (membership?.kind === 'named') return { ...membership, ...(membership.ofUser && { uid: process.uid }) }
    if (membership) return membership
    const job = await slurm.jobOf(pid, process, signal)
    return job === undefined ? { kind: 'user', uid: process.uid } : { kind: 'slurm', job }
  }

  return {
    async of(gpus: readonly GpuUse[], signal: AbortSignal): Promise<GpuTenancy[]> {
      // one query for each tenant listens to this signal at the same time
      setMaxListeners(0, signal)
      await slurm.look(signal)
      const pids = [...new Set(gpus.flatMap((gpu) => gpu.processes.map((p) => p.pid)))]
      const running = new Map(
        await Promise.all(pids.map(async (pid) => [pid, await tenantOf(pid, signal)] as const)),
      )
      const reserved = await reservations.of(gpus, signal)
      const present = [...running.values()].filter((tenant) => tenant !== undefined)
      const ownerOf = await tenants.owners([...present, ...reserved.map((r) => r.tenant)], signal)

      const faults = [proc.endPoll(pids.length), ...slurm.faults, ...reservations.faults, ...tenants.faults]
      const notes = [...new Set(faults.filter((fault) => fault !== undefined))]
      return gpus.map((gpu, i) => {
        const claims = gpu.processes.map(({ pid, ...use }) => {
          const tenant = running.get(pid)
          const owner = tenant && ownerOf(tenant)
          return { ...use, ...(owner && { owner }) }
        })
        const own = reserved.flatMap(({ index, instance, tenant }) => {
          const owner = index === gpu.index ? ownerOf(tenant) : undefined
          return owner ? [{ owner, ...(instance !== undefined && { instance }) }] : []
        })
        const holders = sharesOf(gpu, claims, own)
        return { holders, ...(i === 0 && notes.length > 0 && { notes }) }
      })
    },
  }
}
