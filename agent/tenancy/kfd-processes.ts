import { join } from 'node:path'
import { defined } from '../../protocol/kit/defined.ts'
import type { GpuProcess } from './gpu-use.ts'
import { KfdTopology, namesIn, textIn } from './kfd-topology.ts'

const MOST_PROCESSES = 4096

/**
 * The processes that use AMD's GPUs for compute, by the files of the kernel's KFD driver, which everybody may read:
 * `proc/<pid>/vram_<gpu>` in bytes and `proc/<pid>/stats_<gpu>/cu_occupancy` in compute units (Linux, Documentation/ABI/testing/
 * sysfs-class-kfd and drivers/gpu/drm/amd/amdkfd/kfd_process.c).
 */
export class KfdProcesses {
  readonly #root: string
  readonly #topology: KfdTopology

  /** @param root `/sys/class/kfd/kfd` */
  constructor(root: string, nowMs: () => number) {
    this.#root = root
    this.#topology = new KfdTopology(root, nowMs)
  }

  /** The processes by PCI address, such as `0000:0c:00.0`. Undefined: this machine has no KFD driver, or it may not be read. */
  async byPci(): Promise<ReadonlyMap<string, GpuProcess[]> | undefined> {
    const pids = await namesIn(join(this.#root, 'proc'))
    if (!pids) return undefined
    const nodes = await this.#topology.nodes()
    const found = new Map<string, GpuProcess[]>(nodes.map(({ pci }) => [pci, []]))
    for (const pid of pids.filter((name) => /^\d+$/.test(name)).slice(0, MOST_PROCESSES)) {
      const folder = join(this.#root, 'proc', pid)
      for (const { gpuId, pci, units } of nodes) {
        const vramBytes = await number(join(folder, `vram_${gpuId}`))
        const usedUnits = await number(join(folder, `stats_${gpuId}`, 'cu_occupancy'))
        // every process of the driver has a file for every GPU; it uses those on which it has memory or computes
        if (!vramBytes && !usedUnits) continue
        const smRatio = units && usedUnits !== undefined ? Math.min(1, usedUnits / units) : undefined
        found.get(pci)?.push(defined({ pid: Number(pid), memoryUsedBytes: vramBytes, smRatio }))
      }
    }
    return found
  }
}

async function number(file: string): Promise<number | undefined> {
  const value = Number((await textIn(file))?.trim() || Number.NaN)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
