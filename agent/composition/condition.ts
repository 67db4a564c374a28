import type { DeliveryStatus, SpoolStatus } from '../../protocol/status.ts'
import { MINUTE_MS } from '../../protocol/units.ts'

/** Records older than this are a backlog. */
const BEHIND_MS = 3 * MINUTE_MS

/** What the collector must know at once, not with the status of the next minute: another text means another condition. */
export function conditionText(spool: SpoolStatus, delivery: DeliveryStatus = {}, wallMs: number): string {
  const { unansweredS, notStored, held, limit, lateS } = delivery
  const isBehind = spool.oldestMs !== undefined && wallMs - spool.oldestMs > BEHIND_MS
  return JSON.stringify([
    spool.disk,
    isBehind,
    unansweredS === undefined,
    notStored,
    held !== undefined,
    lateS !== undefined,
    limit,
  ])
}
