import { DrmProcesses } from './drm-processes.ts'
import type { GpuProcess } from './gpu-use.ts'
import { KfdProcesses } from './kfd-processes.ts'
import type { TenancySettings } from './settings.ts'

/** The processes of one GPU. */
export interface KnownProcesses {
  processes: GpuProcess[]
  /** false: others may use the GPU whose files the agent may not read */
  isAll: boolean
}

/** The processes on the GPUs of this machine by what the kernel tells, for tools that list none. */
export class GpuProcesses {
  readonly #kfd: KfdProcesses
  readonly #drm: DrmProcesses

  constructor({ kfd, proc }: Pick<TenancySettings, 'kfd' | 'proc'>, nowMs: () => number) {
    this.#kfd = new KfdProcesses(kfd, nowMs)
    this.#drm = new DrmProcesses(proc, nowMs)
  }

  /** @returns the processes by PCI address in lower case, such as `0000:0c:00.0` */
  async look(signal: AbortSignal): Promise<(pci: string | undefined) => KnownProcesses> {
    const [kfd, drm] = await Promise.all([this.#kfd.byPci(), this.#drm.byPci(signal)])
    return (pci = '') => {
      const computing = kfd?.get(pci)
      const pids = new Set(computing?.map(({ pid }) => pid))
      // the same process has the GPU open in both; only KFD counts the memory of compute queues
      const others = (drm.get(pci) ?? []).filter(({ pid }) => !pids.has(pid))
      return {
        processes: [...(computing ?? []), ...others],
        isAll: computing !== undefined || (pci !== '' && this.#drm.isAll),
      }
    }
  }
}
