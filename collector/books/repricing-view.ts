import type { Repricing } from '../plugin/audit-store.ts'
import type { Decision } from '../plugin/held.ts'
import type { RepricingView } from './audit-views.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

/** A repricing, or a decision about held records, as the API shows it. */
export const repricingView = (r: Repricing): RepricingView => ({
  id: r.id,
  at: iso(r.atMs),
  by: r.by,
  reason: r.reason,
  from: iso(r.fromMs),
  to: iso(r.toMs),
  quotes: [...r.quotes],
  ...(r.rulesVersion ? { rules: r.rulesVersion } : {}),
  ...(r.decision ? { decision: decisionView(r.decision) } : {}),
  doneTo: iso(r.doneMs),
  done: r.doneMs >= r.toMs,
  ...(r.cancelled ? { cancelled: { at: iso(r.cancelled.atMs), by: r.cancelled.by } } : {}),
})

function decisionView({
  verdict,
  records,
  filter,
  shiftMs,
}: Decision): NonNullable<RepricingView['decision']> {
  const { kinds, checks, agents, devices } = filter
  return {
    verdict,
    records,
    ...(shiftMs === undefined ? {} : { shiftS: shiftMs / 1000 }),
    ...(kinds ? { kinds: [...kinds] } : {}),
    ...(checks ? { checks: [...checks] } : {}),
    ...(agents ? { agents: [...agents] } : {}),
    ...(devices ? { devices: [...devices] } : {}),
  }
}
