import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defined } from '../../protocol/kit/defined.ts'

/** A GPU as AMD's compute driver numbers it. */
export interface KfdNode {
  gpuId: string
  /** PCI address; for a partition of a chip its function is the partition's number, as AMD's tools write it */
  pci: string
  /** number of its file /dev/dri/renderD128; absent: it has none */
  renderMinor?: number
  /** compute units */
  units?: number
}

/** GPUs are plugged in, and chips are partitioned, only now and then. */
const TOPOLOGY_AGE_MS = 60_000

/** Which GPU has which number, by the files `topology/nodes/<n>` of the kernel's KFD driver, which everybody may read. */
export class KfdTopology {
  readonly #root: string
  readonly #nowMs: () => number
  #nodes: { list: readonly KfdNode[]; atMs: number } | undefined

  /** @param root `/sys/class/kfd/kfd` */
  constructor(root: string, nowMs: () => number) {
    this.#root = root
    this.#nowMs = nowMs
  }

  /** Empty where this machine has no KFD driver. */
  async nodes(): Promise<readonly KfdNode[]> {
    if (this.#nodes && this.#nowMs() - this.#nodes.atMs < TOPOLOGY_AGE_MS) return this.#nodes.list
    const folder = join(this.#root, 'topology', 'nodes')
    const list: KfdNode[] = []
    for (const name of (await namesIn(folder)) ?? []) {
      const gpuId = (await textIn(join(folder, name, 'gpu_id')))?.trim()
      const properties = await textIn(join(folder, name, 'properties'))
      // a node of a CPU has the number 0
      if (!gpuId || gpuId === '0' || properties === undefined) continue
      const of = (key: string) =>
        Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(properties)?.[1] ?? Number.NaN)
      const [location, domain, simds, perUnit, renderMinor] = [
        of('location_id'),
        of('domain') || 0,
        of('simd_count'),
        of('simd_per_cu'),
        of('drm_render_minor'),
      ]
      if (!Number.isInteger(location)) continue
      list.push(
        defined({
          gpuId,
          pci: addressOf(domain, location),
          renderMinor: renderMinor > 0 ? renderMinor : undefined,
          units: simds > 0 && perUnit > 0 ? simds / perUnit : undefined,
        }),
      )
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

export async function namesIn(folder: string): Promise<string[] | undefined> {
  try {
    return await readdir(folder)
  } catch {
    return undefined
  }
}

/** Undefined where the process has ended, or this kernel does not have the file. */
export const textIn = (file: string): Promise<string | undefined> =>
  readFile(file, 'utf8').catch(() => undefined)
