import type { DeviceKind } from '../../protocol/device.ts'
import type { Interval } from '../../protocol/interval.ts'

/** What earns or costs beside power. Readings that no money rests on may be of any kind. */
type Ability = 'mining work' | 'GPU time' | 'tokens' | 'exported energy'

/** What a device of a kind can do. A host stands for its GPUs where these are not read, and so does a service. */
const CAN_DO: Record<DeviceKind, readonly Ability[]> = {
  asic: ['mining work'],
  gpu: ['GPU time'],
  host: ['GPU time'],
  service: ['GPU time', 'tokens'],
  meter: ['exported energy'],
}

/** A record's quantities against what a device of its kind does at all. @param kind absent where no inventory names the device yet */
export function kindFault(record: Interval, kind: DeviceKind | undefined): string | undefined {
  if (kind === undefined) return undefined
  const { workDiff1 = 0, estimatedWorkDiff1 = 0, gpuMs = 0, busyGpuMs = 0 } = record
  const { tokensIn = 0, tokensInCached = 0, tokensOut = 0, exportedMilliJ = 0 } = record
  return (
    fault(kind, 'mining work', workDiff1 + estimatedWorkDiff1, 'difficulty-1 shares') ??
    fault(kind, 'GPU time', Math.max(gpuMs, busyGpuMs), 'GPU-ms') ??
    fault(kind, 'tokens', Math.max(tokensIn, tokensInCached) + tokensOut, 'tokens') ??
    fault(kind, 'exported energy', exportedMilliJ, 'mJ')
  )
}

const fault = (kind: DeviceKind, ability: Ability, amount: number, unit: string): string | undefined =>
  amount > 0 && !CAN_DO[kind].includes(ability)
    ? `it has ${ability} (${amount} ${unit}), which no device of kind ${kind} has; look at its driver and its kind`
    : undefined
