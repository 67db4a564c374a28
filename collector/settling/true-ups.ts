import { DAY_MS } from '../economics/settlement/revenue.ts'
import { type TrueUp, trueUpMinute } from '../economics/true-up.ts'
import type { Store } from '../plugin/store.ts'

/** The true-ups that are booked in a minute: only the last minute of a UTC day has any. Rejects where the store fails. */
export async function trueUpsOf(store: Pick<Store, 'trueUps'>, minuteMs: number): Promise<TrueUp[]> {
  const dayMs = Math.floor(minuteMs / DAY_MS) * DAY_MS
  return minuteMs === trueUpMinute({ dayMs }) ? store.trueUps(dayMs, dayMs + DAY_MS) : []
}
