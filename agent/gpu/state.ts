import type { Holder } from '../../protocol/owner.ts'
import type { State } from '../../protocol/sample.ts'

/** The state of a GPU that answers: busy where it computes or somebody holds it. */
export function gpuState(utilizationRatio: number | undefined, holders: readonly Holder[] = []): State {
  if (utilizationRatio || holders.length > 0) return 'busy'
  return utilizationRatio === 0 ? 'idle' : 'unknown'
}
