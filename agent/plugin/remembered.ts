import { defined } from '../../protocol/kit/defined.ts'

/** What the checks around a session have learnt, by the name of the check. JSON. */
export type KnownByChecks = Readonly<Record<string, unknown>>

/**
 * What a session remembers, with what the checks around it have learnt beside it. Where they have learnt nothing it is the session's own
 * alone, as versions without checks wrote it.
 */
export function withChecks(session: unknown, checks: KnownByChecks): unknown {
  const learnt = defined(checks)
  return Object.keys(learnt).length === 0 ? session : defined({ checks: learnt, session })
}

/** The two apart. @param remembered as `withChecks` gave it, or what an earlier version wrote */
export function apart(remembered: unknown): { session?: unknown; checks: KnownByChecks } {
  if (typeof remembered !== 'object' || remembered === null || !('checks' in remembered))
    return { session: remembered, checks: {} }
  const { checks, session } = remembered as { checks: unknown; session?: unknown }
  return { session, checks: typeof checks === 'object' && checks !== null ? { ...checks } : {} }
}
