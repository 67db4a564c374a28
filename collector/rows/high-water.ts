import type { Append, HighWater } from '../plugin/store.ts'

/**
 * The mark that a store keeps. Within one epoch it never goes back, so a late copy of an old batch changes nothing; another epoch is
 * another life of the agent's spool and replaces the mark.
 */
const laterMark = (stored: HighWater | undefined, mark: HighWater): HighWater =>
  stored?.epoch === mark.epoch && stored.seq > mark.seq ? stored : mark

/** The mark of each agent after these appends, which may hold several of one agent. */
export function marksAfter(
  stored: ReadonlyMap<string, HighWater>,
  parts: readonly Append[],
): Map<string, HighWater> {
  const marks = new Map<string, HighWater>()
  for (const { agentId, mark } of parts)
    marks.set(agentId, laterMark(marks.get(agentId) ?? stored.get(agentId), mark))
  return marks
}
