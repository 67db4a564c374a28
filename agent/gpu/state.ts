import type { Holder } from '../../protocol/owner.ts'
import type { State } from '../../protocol/sample.ts'

/** What a GPU that answers is doing: it is busy where it computes or is held by somebody. */
export function gpuState(utilizationRatio: number | undefined, holders: readonly Holder[] = []): State {
  if (utilizationRatio || holders.length > 0) return 'busy'
  return utilizationRatio === 0 ? 'idle' : 'unknown'
}
