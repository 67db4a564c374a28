import type { DeviceKind } from '../../protocol/device.ts'
import type { Interval, IntervalQuantity } from '../../protocol/interval.ts'

/** What earns or costs, and what a person calls it. Readings that no money rests on may be of any kind. */
const COUNTED = {
  workDiff1: 'mining work',
  estimatedWorkDiff1: 'mining work',
  gpuMs: 'GPU time',
  busyGpuMs: 'GPU time',
  tokensIn: 'tokens',
  tokensInCached: 'tokens',
  tokensOut: 'tokens',
  exportedMilliJ: 'exported energy',
} as const satisfies Partial<Record<IntervalQuantity, string>>
type Counted = keyof typeof COUNTED
const NAMES = Object.keys(COUNTED) as Counted[]

const WORK: readonly Counted[] = ['workDiff1', 'estimatedWorkDiff1']
const GPU_TIME: readonly Counted[] = ['gpuMs', 'busyGpuMs']
const TOKENS: readonly Counted[] = ['tokensIn', 'tokensInCached', 'tokensOut']

/** What a device of a kind can do beside drawing power. A host stands for its GPUs where these are not read, and so does a service. */
const CAN_DO: Record<DeviceKind, readonly Counted[]> = {
  asic: WORK,
  gpu: GPU_TIME,
  host: GPU_TIME,
  service: [...GPU_TIME, ...TOKENS],
  meter: ['exportedMilliJ'],
}

/** A record's quantities against what a device of its kind does at all. @param kind absent where no inventory names the device yet */
export function kindFault(record: Interval, kind: DeviceKind | undefined): string | undefined {
  if (kind === undefined) return undefined
  for (const name of NAMES)
    if (record[name] && !CAN_DO[kind].includes(name))
      return `it has ${COUNTED[name]} (${name} ${record[name]}), which no device of kind ${kind} has; look at its driver and its kind`
  return undefined
}
