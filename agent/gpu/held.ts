import type { Reading } from '../plugin/reading.ts'
import { GpuProcesses } from '../tenancy/gpu-processes.ts'
import type { GpuUse } from '../tenancy/gpu-use.ts'
import type { TenancySettings } from '../tenancy/settings.ts'
import { openTenancy, type Tenancy } from '../tenancy/tenancy.ts'
import { SilentGpus } from './silent-gpus.ts'
import { gpuState } from './state.ts'

/** A GPU as a tool lists it. */
export interface PlacedGpu {
  reading: Reading
  /** PCI address, such as `0000:0c:00.0`; absent: not known, and so are its processes */
  pci?: string | undefined
}

/**
 * Who holds the GPUs of a tool that lists no processes: those who were given them (Slurm's prolog, the environments of its jobs, the
 * kubelet), and the processes that the kernel knows of. Where nobody is found and the agent may not see all processes, the holders
 * stay unknown. While the tool is silent, those who were given a GPU, or still run on it, hold it on.
 */
export class HeldGpus {
  readonly #tenancy: Tenancy
  readonly #processes: GpuProcesses
  readonly #silent: SilentGpus
  /** what was asked of tenancy last, by part */
  #uses = new Map<string, GpuUse>()

  constructor(settings: TenancySettings, nowMs = () => performance.now()) {
    this.#tenancy = openTenancy(settings, nowMs)
    this.#processes = new GpuProcesses(settings, nowMs)
    this.#silent = new SilentGpus(nowMs)
  }

  /** The GPUs with their holders; for parts of packages before a package is shared, so that those are marked. */
  async with<G extends PlacedGpu>(gpus: readonly G[], signal: AbortSignal): Promise<G[]> {
    const processesOf = await this.#processes.look(signal)
    const known = gpus.map(({ pci }) => processesOf(pci?.toLowerCase()))
    const uses = gpus.map(({ reading }, i) => useOf(reading, i, known[i]?.processes ?? [], gpus[i]?.pci))
    this.#uses = new Map(uses.map((use) => [`gpu${use.index}`, use]))
    const tenancies = await this.#tenancy.of(uses, signal)
    return gpus.map((gpu, i) => {
      const { holders = [], notes = [] } = tenancies[i] ?? {}
      const isKnown = holders.length > 0 || known[i]?.isAll === true
      const { sample } = gpu.reading
      const faults = [...(sample.faults ?? []), ...notes]
      return {
        ...gpu,
        reading: {
          ...gpu.reading,
          sample: {
            ...sample,
            ...(isKnown && { holders, state: gpuState(sample.utilizationRatio, holders) }),
            ...(faults.length > 0 && { faults }),
          },
        },
      }
    })
  }

  /** Remembers what was read last of each GPU. @returns the readings */
  answered(readings: readonly Reading[]): Reading[] {
    return readings.map((reading, i) =>
      this.#silent.answered(reading, this.#uses.get(reading.part ?? '') ?? useOf(reading, i, [])),
    )
  }

  /** As `SilentGpus.ask`. */
  ask<T>(
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ answer: T } | { silence: unknown }> {
    return this.#silent.ask(work, signal)
  }

  /** The GPUs of a tool that is silent, with those who hold them now. */
  standIns(silence: unknown, signal: AbortSignal): Promise<Reading[]> {
    return this.#silent.standIns(silence, this.#tenancy, signal)
  }
}

const useOf = (
  { part, identity }: Reading,
  i: number,
  processes: GpuUse['processes'],
  pci?: string,
): GpuUse => ({
  index: Number(part?.replace(/^gpu/, '') ?? i),
  ...(identity.hardwareId !== undefined && { uuid: identity.hardwareId }),
  ...(pci !== undefined && { pci: pci.toLowerCase() }),
  processes,
})
