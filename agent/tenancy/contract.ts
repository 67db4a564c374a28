import type { Holder } from '../../protocol/owner.ts'

/** A process that has a GPU open, as the GPU's driver names it: the pid is the host's. */
export interface GpuProcess {
  pid: number
  /** part of the GPU's SMs that it kept busy since it was last asked, 0 to 1 */
  smRatio?: number
  memoryUsedBytes?: number
  /** GPU instance id under MIG, where a process without one counts for nobody */
  instance?: number
}

/** A MIG GPU instance. */
export interface GpuInstance {
  /** GPU instance id */
  instance: number
  smCount: number
  /** `MIG-...`, by which Kubernetes hands it out */
  uuid?: string
}

export interface GpuUse {
  /** as NVML numbers it */
  index: number
  uuid?: string
  utilizationRatio?: number
  /** SMs of the whole board, of which the instances may leave some; absent: they fill it */
  smCount?: number
  processes: readonly GpuProcess[]
  /** all of them under MIG; absent: the GPU isn't divided */
  instances?: readonly GpuInstance[]
}

/** Who holds a GPU now. */
export interface GpuTenancy {
  /** [] = nobody; what the shares leave of 1 is nobody's; `estimated` where they are by memory, by MIG slices, or even */
  holders: Holder[]
  /**
   * What could not be asked, each in one line with what to do, on every answer while it lasts: faults of the reading. They
   * are the host's, so only its first GPU says them.
   */
  notes?: string[]
}

export interface Tenancy {
  /** One answer for each GPU, in their order. Never rejects: what can't be known is a note. */
  of(gpus: readonly GpuUse[], signal: AbortSignal): Promise<GpuTenancy[]>
  close?(): void
}
