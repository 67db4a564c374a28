import type { Cause, Repricing } from '../plugin/audit-store.ts'

/** Why the figures of settled minutes changed, for the person who reads a corrected statement. */

export const LATE_RECORDS = 'late records came'
export const DOUBTED = 'records of it became doubtful'

const VERDICTS = { accepted: 'accepted', rejected: 'rejected', open: 'taken back' } as const

/** Different causes that a minute keeps. */
const MOST_CAUSES = 20

export function repricingText({
  by,
  reason,
  decision,
}: Pick<Repricing, 'by' | 'reason' | 'decision'>): string {
  const what = decision ? `held records ${VERDICTS[decision.verdict]}` : 'repriced'
  return `${what} by ${by}: ${reason}`
}

/** The causes with new ones, oldest first; one that comes again is kept with its newest time. */
export const causesWith = (
  before: readonly Cause[] | undefined,
  whys: readonly string[],
  atMs: number,
): Cause[] =>
  [...(before ?? []).filter(({ why }) => !whys.includes(why)), ...whys.map((why) => ({ atMs, why }))].slice(
    -MOST_CAUSES,
  )
