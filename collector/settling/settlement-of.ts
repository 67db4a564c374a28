import type { Settlement } from '../plugin/audit-store.ts'
import { causesWith, LATE_RECORDS } from './causes.ts'
import type { MinutePricing } from './pricing.ts'

/**
 * How a minute is kept as settled.
 * @param before how it was settled last; undefined for the first time
 * @param changed why its figures changed; undefined where they did not
 */
export function settlementOf(
  minuteMs: number,
  before: Settlement | undefined,
  { rules, prices }: MinutePricing,
  changed: readonly string[] | undefined,
  nowMs: number,
): Settlement {
  const base = { minuteMs, rulesVersion: rules.version, quotes: Object.values(prices) }
  if (!before) {
    // what a person decided may be the first that a minute has, when its statement is issued already
    const acts = changed?.filter((why) => why !== LATE_RECORDS) ?? []
    const first = acts.length > 0 ? { causes: causesWith(undefined, acts, nowMs) } : {}
    // revision 0: it has no figures yet
    return { ...base, revision: changed ? 1 : 0, settledMs: nowMs, ...first }
  }
  const causes = changed ? causesWith(before.causes, changed, nowMs) : before.causes
  return {
    ...base,
    revision: before.revision + (changed ? 1 : 0),
    settledMs: changed ? nowMs : before.settledMs,
    ...(causes && causes.length > 0 ? { causes } : {}),
  }
}

/** The prices that a minute lacks, where it lacks any. */
export const missingOf = (missing: Settlement['missing']): Pick<Settlement, 'missing'> =>
  missing && missing.length > 0 ? { missing } : {}
