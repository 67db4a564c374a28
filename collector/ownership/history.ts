import type { GpuStanding, PaidShare } from '../plugin/claim-store.ts'
import type { OpenClaim } from './key-owners.ts'
import { lastingKeys } from './precedence.ts'

/** What an adopted device takes over from its owner before, so that nobody who came between the two goes before it. */

/** A standing that was taken over holds for whatever machine the new owner tells. */
export const TAKEN_OVER = ''

/** What a claim was paid for, with that of the owner before it; undefined where neither was. */
const paidTogether = (own: PaidShare | undefined, before: PaidShare | undefined): PaidShare | undefined =>
  own && before
    ? {
        fromMs: Math.min(own.fromMs, before.fromMs),
        toMs: Math.max(own.toMs, before.toMs),
        mostPerMs: Math.max(own.mostPerMs, before.mostPerMs),
      }
    : (own ?? before)

/** Since when a claim has the GPU time of its machine, with the owner before it; undefined where neither has told any. */
function standingTogether(
  own: GpuStanding | undefined,
  before: GpuStanding | undefined,
): GpuStanding | undefined {
  if (!before) return own
  const { machine = TAKEN_OVER, fromMs = before.fromMs, toMs = before.toMs, settled = false } = own ?? {}
  const most = [own?.mostPerMs, before.mostPerMs].filter((perMs) => perMs !== undefined)
  return {
    machine,
    fromMs: Math.min(fromMs, before.fromMs),
    toMs: Math.max(toMs, before.toMs),
    settled: settled || before.settled,
    ...(most.length > 0 ? { mostPerMs: Math.max(...most) } : {}),
  }
}

/** A claim takes over the keys and the history of its owner before, who has them no more. */
export function takeOver(own: OpenClaim, before: OpenClaim): void {
  own.inherited = [...new Set([...(own.inherited ?? []), ...lastingKeys(before)])]
  const paid = paidTogether(own.paid, before.paid)
  const gpuTime = standingTogether(own.gpuTime, before.gpuTime)
  if (paid) own.paid = paid
  if (gpuTime) own.gpuTime = gpuTime
  delete before.inherited
  delete before.apart
}
