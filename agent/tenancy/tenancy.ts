import { setMaxListeners } from 'node:events'
import type { GpuTenancy, GpuUse, Tenancy } from './contract.ts'
import { ProcReader } from './proc.ts'
import { Reservations } from './reservations.ts'
import type { TenancySettings } from './settings.ts'
import { sharesOf } from './shares.ts'
import { SlurmNode } from './slurm-node.ts'
import { type Tenant, Tenants } from './tenants.ts'

export type { Tenancy } from './contract.ts'
export { TenancySettingsSchema } from './settings.ts'

/**
 * Finds out who holds the GPUs of this host: processes -> control group -> Slurm job, pod, container or user, and who reserved
 * what whether or not it is used.
 * @param nowMs a steady clock
 */
export function openTenancy(settings: TenancySettings, nowMs = () => performance.now()): Tenancy {
  const proc = new ProcReader(settings.proc, nowMs)
  const slurm = new SlurmNode(settings, proc, nowMs)
  const tenants = new Tenants(settings, slurm, nowMs)
  const reservations = new Reservations(settings, slurm, tenants.pods, nowMs)

  const tenantOf = async (pid: number, signal: AbortSignal): Promise<Tenant | undefined> => {
    const process = proc.process(pid)
    if (!process) return undefined
    if (process.membership) return process.membership
    const job = await slurm.jobOf(pid, process, signal)
    return job === undefined ? { kind: 'user', uid: process.uid } : { kind: 'slurm', job }
  }

  return {
    async of(gpus: readonly GpuUse[], signal: AbortSignal): Promise<GpuTenancy[]> {
      // a question for each tenant waits at the same time
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
