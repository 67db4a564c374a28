import { type Interval, intervalKey } from '../../protocol/interval.ts'
import { minuteOf } from '../../protocol/units.ts'
import type { Check } from './check.ts'
import type { ClosedRecords } from './closed-records.ts'
import type { Evidence } from './evidence.ts'
import { HOSTILE_NAME } from './hostile.ts'

/** What is not in the store of all that one agent closed. */
export interface Lost {
  /** records that were seen closed */
  records: readonly Interval[]
  /** of those, the ones that only a full disk's agent had in memory: a kill takes them, and nobody can number them */
  inMemory: number
  /** records that were closed unseen */
  unseen: number
  /** minutes of devices that were observed, and of which the store has nothing */
  minutes: number
  /** of those, the ones that the collector can know of */
  knowable: number
}

/** Compares what an agent closed with what the store has of it. */
export function lostOf(evidence: Evidence, agent: string, closed: ClosedRecords): Lost {
  const stored = evidence.stored.intervals.filter((i) => i.agentId === agent)
  const keys = new Set(stored.map(intervalKey))
  const minuteKey = (i: Interval) => `${i.deviceId}|${minuteOf(i.startMs)}`
  const minutes = new Set(stored.map(minuteKey))
  const records = [...closed.byKey].filter(([key]) => !keys.has(key))
  const extra = [...keys].filter((key) => !closed.byKey.has(key)).length
  const gone = records
    .map(([, record]) => record)
    .filter((r) => r.coveredMs > 0 && !minutes.has(minuteKey(r)))
  // as if the agent had been off since the backup: nothing that came after it has ever reached the store
  const unheard = evidence.suffered.overwritten
    .filter((spool) => spool.agent === agent && ![...spool.keys].some((key) => keys.has(key)))
    .flatMap((spool) => [...spool.keys])
  const untold = new Set(unheard)
  return {
    records: records.map(([, record]) => record),
    inMemory: records.filter(([key]) => closed.inMemoryOnly.has(key)).length,
    unseen: Math.max(0, closed.unseen - extra),
    minutes: new Set(gone.map(minuteKey)).size,
    knowable: new Set(gone.filter((r) => !untold.has(intervalKey(r))).map(minuteKey)).size,
  }
}

/** Records of one agent that were lost, and those that the collector counted as lost. */
interface Account {
  agent: string
  lost: number
  counted: number
  /** the least and the most that may be counted */
  least: number
  most: number
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)

/**
 * What was lost against what was counted as lost, by agent. Two lives of a spool number the same time differently, so of such an agent
 * the collector counts minutes of devices that may be missing: at least those that are. Nobody can know of records that were in an
 * overwritten spool alone, where nothing that followed the backup was delivered: the agent looks as if it had been off.
 */
export function accounts(evidence: Evidence): Account[] {
  const { stored, closed, suffered } = evidence
  return [...closed].map(([agent, records]) => {
    const lost = lostOf(evidence, agent, records)
    const counted = sum(stored.losses.filter((l) => l.agentId === agent).map((l) => l.records))
    const all = lost.records.length + lost.unseen
    return suffered.copied.has(agent)
      ? {
          agent,
          lost: lost.minutes,
          counted,
          least: lost.knowable,
          most: records.byKey.size + records.unseen,
        }
      : { agent, lost: all, counted, least: all - lost.inMemory, most: all }
  })
}

/** What was lost is what the collector counted as lost, and an alert told it. */
export function countedLosses(evidence: Evidence): Check {
  const { stored, closed, alerts } = evidence
  const problems: string[] = []
  const all = accounts(evidence)
  for (const { agent, lost, counted, least, most } of all) {
    if (counted < least || counted > most)
      problems.push(
        `${agent}: ${lost} records were lost, and ${counted} are counted as lost (${least} to ${most} would be right)`,
      )
    if (counted > 0 && !alerts.some((alert) => tellsLossOf(agent, alert)))
      problems.push(`${agent}: ${counted} records are counted as lost, and no alert told it`)
  }
  for (const { agentId, records } of stored.losses)
    if (!closed.has(agentId) && agentId !== HOSTILE_NAME)
      problems.push(`${records} records of ${agentId} are counted as lost, which never closed one`)
  const told = new Set(alerts.map(({ rule }) => rule))
  return {
    id: 'f',
    title: 'what was lost is exactly what was counted as lost, and alerted',
    figures: `${all.map(({ agent, lost, counted }) => `${agent} ${lost} lost, ${counted} counted`).join('; ')}; alerts: ${[...told].sort().join(', ') || 'none'}`,
    problems,
  }
}

const tellsLossOf = (agent: string, { rule, subject }: Evidence['alerts'][number]): boolean =>
  (rule === 'agent-numbers' && subject.agentId === agent) || rule === 'store-warning'
