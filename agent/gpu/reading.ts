import { defined } from '../../protocol/kit/defined.ts'
import type { Holder } from '../../protocol/owner.ts'
import type { State } from '../../protocol/sample.ts'
import type { Reading } from '../plugin/reading.ts'
import type { GpuUse } from '../tenancy/gpu-use.ts'
import type { GpuTenancy } from '../tenancy/tenancy.ts'
import { type IdlePower, isAllIdle } from './idle-power.ts'
import { ratioOf } from './ranges.ts'
import { gpuState } from './state.ts'

/** One GPU's figures at one moment, in base units, whichever tool read them. An unknown figure is undefined. */
export interface GpuSnapshot
  extends Omit<GpuUse, 'processes' | 'uuid' | 'utilizationRatio' | 'powerW' | 'idleW'> {
  uuid?: string | undefined
  model?: string | undefined
  /** version of the GPU's driver */
  firmware?: string | undefined
  /** the average over 1 s where the GPU has one, else the instantaneous power */
  powerW?: number | undefined
  powerInstantW?: number | undefined
  powerLimitW?: number | undefined
  /** since the driver was loaded */
  energyJ?: number | undefined
  utilizationRatio?: number | undefined
  memoryUsedBytes?: number | undefined
  memoryTotalBytes?: number | undefined
  tempC?: number | undefined
  memoryTempC?: number | undefined
  smClockHz?: number | undefined
  memoryClockHz?: number | undefined
  fanRatio?: number | undefined
  /** since the driver was loaded */
  eccCorrectedErrors?: number | undefined
  eccUncorrectedErrors?: number | undefined
  /** undefined: the list of processes could not be read */
  processes?: GpuUse['processes'] | undefined
  faults: readonly string[]
  /** true: the GPU computes nothing until somebody resets it */
  dead?: boolean
  /** true: the driver does not answer about this GPU, which may be well */
  silent?: boolean
}

/**
 * The part of a snapshot from which tenancy finds the GPU's holders.
 * @param idlePower finds the GPU's idle power; absent: its energy is not split by cause
 */
export const useOf = (gpu: GpuSnapshot, idlePower?: IdlePower): GpuUse =>
  defined({
    index: gpu.index,
    uuid: gpu.uuid,
    utilizationRatio: ratioOf(gpu.utilizationRatio),
    powerW: gpu.powerW,
    idleW: idlePower?.of(`gpu${gpu.index}`, gpu.model, {
      powerW: gpu.powerW,
      powerLimitW: gpu.powerLimitW,
      idle: isIdle(gpu),
    }),
    processes: gpu.processes ?? [],
    instances: gpu.instances,
    smCount: gpu.smCount,
  })

/** Under MIG a board tells no use of its own; without a process on it, or an active instance, nothing computes. */
function isIdle({ instances, processes, utilizationRatio }: GpuSnapshot): boolean | undefined {
  if (instances === undefined) return isAllIdle([utilizationRatio])
  if (processes?.length === 0) return true
  const byActivity = instances.length > 0 ? isAllIdle(instances.map((i) => i.activityRatio)) : undefined
  return byActivity ?? (processes === undefined ? undefined : false)
}

/**
 * A snapshot and its holders as a driver's reading.
 * @param tenancy the GPU's holders. An empty list counts as unknown where the processes could not be read.
 */
export function gpuReading(gpu: GpuSnapshot, tenancy?: GpuTenancy): Reading {
  const holders = gpu.processes || tenancy?.holders.length ? tenancy?.holders : undefined
  const faults = [...gpu.faults, ...(tenancy?.notes ?? [])].map((text) => text.slice(0, 256))
  return {
    part: `gpu${gpu.index}`,
    identity: defined({
      kind: 'gpu' as const,
      model: gpu.model?.slice(0, 128),
      firmware: gpu.firmware?.slice(0, 128),
      hardwareId: gpu.uuid?.slice(0, 128),
    }),
    sample: defined({
      state: gpu.dead ? ('faulty' as const) : stateOf(gpu, holders ?? []),
      holders,
      powerW: gpu.powerW,
      powerInstantW: gpu.powerInstantW,
      powerBasis: gpu.powerW === undefined ? undefined : ('reported' as const),
      powerLimitW: gpu.powerLimitW,
      utilizationRatio: gpu.utilizationRatio,
      memoryUsedBytes: gpu.memoryUsedBytes,
      memoryTotalBytes: gpu.memoryTotalBytes,
      tempC: gpu.tempC,
      memoryTempC: gpu.memoryTempC,
      smClockHz: gpu.smClockHz,
      memoryClockHz: gpu.memoryClockHz,
      fanRatio: gpu.fanRatio,
      eccCorrectedErrors: gpu.eccCorrectedErrors,
      eccUncorrectedErrors: gpu.eccUncorrectedErrors,
      faults: faults.length > 0 ? faults : undefined,
    }),
    ...(gpu.energyJ !== undefined && { counters: { energyJ: gpu.energyJ } }),
  }
}

/** Under MIG a board has no utilisation of its own, so its processes decide whether it is busy. */
function stateOf({ utilizationRatio, processes }: GpuSnapshot, holders: readonly Holder[]): State {
  const state = gpuState(utilizationRatio, holders)
  if (state !== 'unknown' || processes === undefined) return state
  return processes.length > 0 ? 'busy' : 'idle'
}
