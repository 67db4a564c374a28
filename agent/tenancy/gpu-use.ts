/** A process that has a GPU open, as the GPU's driver reports it. */
export interface GpuProcess {
  /** process id in the host's namespace, not in a container's */
  pid: number
  /** part of the GPU's SMs (streaming multiprocessors) that it kept busy since the last poll, 0 to 1 */
  smRatio?: number
  memoryUsedBytes?: number
  /** MIG GPU instance id; on a divided GPU a process without one is ignored */
  instance?: number
}

/** A MIG GPU instance. */
export interface GpuInstance {
  /** GPU instance id */
  instance: number
  smCount: number
  /** compute slices, 3 of the profile `3g.40gb`; absent: the driver doesn't tell it */
  slices?: number
  /** `MIG-...`, the device id in Kubernetes */
  uuid?: string
  /** part of the time that its engines computed, 0 to 1; absent: the driver doesn't tell it */
  activityRatio?: number
}

/** What a GPU driver knows about the use of one GPU. */
export interface GpuUse {
  /** NVML's index of the GPU */
  index: number
  uuid?: string
  /** PCI address in lower case, such as `0000:0c:00.0`, where the GPU's tool tells it */
  pci?: string
  utilizationRatio?: number
  /** the board's power */
  powerW?: number
  /** what the board draws without work; absent: not known */
  idleW?: number
  /** SMs of the whole board; absent: the MIG instances fill it */
  smCount?: number
  processes: readonly GpuProcess[]
  /** every MIG instance; absent: the GPU isn't divided */
  instances?: readonly GpuInstance[]
}
