import type { Holder } from '../../protocol/owner.ts'
import type { State } from '../../protocol/sample.ts'
import { ratioOf } from './ranges.ts'

/** The state of a GPU that answers: busy where it computes or somebody holds it. */
export function gpuState(told: number | undefined, holders: readonly Holder[] = []): State {
  const utilizationRatio = ratioOf(told)
  if (utilizationRatio || holders.length > 0) return 'busy'
  return utilizationRatio === 0 ? 'idle' : 'unknown'
}
