import type { Reading } from '../plugin/reading.ts'
import type { Tenancy } from '../tenancy/tenancy.ts'
import type { PackagePart } from './packages.ts'
import { gpuState } from './state.ts'

/**
 * The readings of a tool that lists no processes, with those who were given the GPUs: Slurm's prolog or the environments of its jobs.
 * Where nobody was given a GPU its holders stay unknown, because somebody may use it all the same.
 */
export async function withReservations(
  readings: readonly Reading[],
  tenancy: Tenancy,
  signal: AbortSignal,
): Promise<Reading[]> {
  const uses = readings.map(({ part, identity }, i) => ({
    index: Number(part?.replace(/^gpu/, '') ?? i),
    ...(identity.hardwareId !== undefined && { uuid: identity.hardwareId }),
    processes: [],
  }))
  const tenancies = await tenancy.of(uses, signal)
  return readings.map((reading, i) => {
    const { holders = [], notes = [] } = tenancies[i] ?? {}
    if (holders.length === 0 && notes.length === 0) return reading
    const { sample } = reading
    const faults = [...(sample.faults ?? []), ...notes]
    return {
      ...reading,
      sample: {
        ...sample,
        ...(holders.length > 0 && { holders, state: gpuState(sample.utilizationRatio, holders) }),
        ...(faults.length > 0 && { faults }),
      },
    }
  })
}

/** The same for parts of packages, before a package is shared, so that the holders of its parts are marked. */
export async function partsWithReservations<P extends PackagePart>(
  parts: readonly P[],
  tenancy: Tenancy,
  signal: AbortSignal,
): Promise<P[]> {
  const readings = await withReservations(
    parts.map(({ reading }) => reading),
    tenancy,
    signal,
  )
  return parts.map((part, i) => ({ ...part, reading: readings[i] ?? part.reading }))
}
