import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defined } from '../../protocol/kit/defined.ts'
import type { GpuProcess } from './gpu-use.ts'

/** A GPU as AMD's compute driver numbers it. */
interface KfdNode {
  gpuId: string
  /** PCI address; for a partition of a chip its function is the partition's number, as AMD's tools write it */
  pci: string
  /** compute units */
  units: number | undefined
}

/** GPUs are plugged in, and chips are partitioned, only now and then. */
const TOPOLOGY_AGE_MS = 60_000
const MOST_PROCESSES = 4096

/**
 * The processes that use AMD's GPUs for compute, by the files of the kernel's KFD driver, which everybody may read:
 * `proc/<pid>/vram_<gpu>` in bytes and `proc/<pid>/stats_<gpu>/cu_occupancy` in compute units (Linux, Documentation/ABI/testing/
 * sysfs-class-kfd and drivers/gpu/drm/amd/amdkfd/kfd_process.c); `topology/nodes/<n>` says which GPU has which number.
 */
export class KfdProcesses {
  readonly #root: string
  readonly #nowMs: () => number
  #nodes: { list: readonly KfdNode[]; atMs: number } | undefined

  /** @param root `/sys/class/kfd/kfd` */
  constructor(root: string, nowMs: () => number) {
    this.#root = root
    this.#nowMs = nowMs
  }

  /** The processes by PCI address, such as `0000:0c:00.0`. Undefined: this machine has no KFD driver, or it may not be read. */
  async byPci(): Promise<ReadonlyMap<string, GpuProcess[]> | undefined> {
    const pids = await names(join(this.#root, 'proc'))
    if (!pids) return undefined
    const nodes = await this.#topology()
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

  async #topology(): Promise<readonly KfdNode[]> {
    if (this.#nodes && this.#nowMs() - this.#nodes.atMs < TOPOLOGY_AGE_MS) return this.#nodes.list
    const folder = join(this.#root, 'topology', 'nodes')
    const list: KfdNode[] = []
    for (const name of (await names(folder)) ?? []) {
      const gpuId = (await text(join(folder, name, 'gpu_id')))?.trim()
      const properties = await text(join(folder, name, 'properties'))
      // a node of a CPU has the number 0
      if (!gpuId || gpuId === '0' || properties === undefined) continue
      const of = (key: string) =>
        Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(properties)?.[1] ?? Number.NaN)
      const [location, domain, simds, perUnit] = [
        of('location_id'),
        of('domain') || 0,
        of('simd_count'),
        of('simd_per_cu'),
      ]
      if (!Number.isInteger(location)) continue
      list.push({
        gpuId,
        pci: addressOf(domain, location),
        units: simds > 0 && perUnit > 0 ? simds / perUnit : undefined,
      })
    }
    this.#nodes = { list, atMs: this.#nowMs() }
    return list
  }
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')

/**
 * location_id is the PCI bus, device and function in one number, and the number of the partition in its uppermost four bits
 * (kfd_topology.c, kfd_topology_add_device).
 */
function addressOf(domain: number, location: number): string {
  const partition = location >>> 28
  return `${hex(domain, 4)}:${hex((location >> 8) & 0xff, 2)}:${hex((location >> 3) & 0x1f, 2)}.${partition || location & 7}`
}

async function names(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder)
  } catch {
    return undefined
  }
}

/** Undefined where the process has ended, or this kernel does not have the file. */
const text = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined)

async function number(file: string): Promise<number | undefined> {
  const value = Number((await text(file))?.trim() || Number.NaN)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
