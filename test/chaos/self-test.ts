import { intervalKey } from '../../protocol/interval.ts'
import { minuteOf } from '../../protocol/units.ts'
import type { Check } from './check.ts'
import { balance, countedTruth, exactlyOnce } from './checks.ts'
import type { Evidence, Stored } from './evidence.ts'
import { integratedTruth } from './integrated.ts'
import { accounts, countedLosses } from './losses.ts'

interface Spoiling {
  what: string
  check: (evidence: Evidence) => Check
  /** whether the run left something to spoil; absent: always. What was copied, emptied or reset is held within bounds only */
  can?: (evidence: Evidence) => boolean
  spoil: (stored: Stored, evidence: Evidence) => Partial<Stored> & Partial<Pick<Evidence, 'alerts'>>
}

/** An agent whose every record counts, else any. */
const agentOf = ({ closed, suffered }: Evidence): string =>
  [...closed.keys()].find((agent) => !suffered.copied.has(agent)) ?? [...closed.keys()][0] ?? ''
const hasSoundAgent = (evidence: Evidence): boolean => !evidence.suffered.copied.has(agentOf(evidence))

/** Index of a stored record that is on a disk, and whose agent is `agentOf`. */
function sureIndex(evidence: Evidence): number {
  const agent = agentOf(evidence)
  const { inMemoryOnly } = evidence.closed.get(agent) ?? {}
  return evidence.stored.intervals.findIndex((i) => i.agentId === agent && !inMemoryOnly?.has(intervalKey(i)))
}

/**
 * More records than the collector may have counted too few of one agent. Those that only a full disk's agent had in memory may be lost. Of an agent whose
 * spool was copied all is lost but a record of each overwritten spool: without it nobody could know of that spool.
 */
function loseSome(evidence: Evidence): Stored['intervals'] {
  const agent = agentOf(evidence)
  const { intervals } = evidence.stored
  if (!hasSoundAgent(evidence)) {
    const left = new Set(overwrittenOf(evidence).flatMap(({ keys }) => firstStored(evidence, keys)))
    return intervals.filter((i) => i.agentId !== agent || left.has(intervalKey(i)))
  }
  const { least = 0, most = 0 } = accounts(evidence).find((a) => a.agent === agent) ?? {}
  const { inMemoryOnly } = evidence.closed.get(agent) ?? {}
  let left = most - least + 1
  return intervals.filter((i) => i.agentId !== agent || inMemoryOnly?.has(intervalKey(i)) || left-- <= 0)
}

const overwrittenOf = (evidence: Evidence) =>
  evidence.suffered.overwritten.filter(({ agent }) => agent === agentOf(evidence))

function firstStored({ stored }: Evidence, keys: ReadonlySet<string>): string[] {
  const found = stored.intervals.find((i) => keys.has(intervalKey(i)))
  return found ? [intervalKey(found)] : []
}

/**
 * Whether more can be lost of an agent than is counted as lost already. Of one whose spool was copied minutes of devices are compared, and a run of few
 * minutes with many faults counts most of them.
 */
function hasMoreThanCounted(evidence: Evidence): boolean {
  if (hasSoundAgent(evidence)) return true
  const agent = agentOf(evidence)
  const overwritten = new Set(overwrittenOf(evidence).flatMap(({ keys }) => [...keys]))
  const records = [...(evidence.closed.get(agent)?.byKey ?? [])]
  const minutes = records.flatMap(([key, { deviceId, startMs, coveredMs }]) =>
    coveredMs > 0 && !overwritten.has(key) ? [`${deviceId}|${minuteOf(startMs)}`] : [],
  )
  const counted = evidence.stored.losses.filter((loss) => loss.agentId === agent)
  return new Set(minutes).size > counted.reduce((sum, { records: n }) => sum + n, 0)
}

const lossOf = (evidence: Evidence, records: number): Stored['losses'][number] => ({
  agentId: agentOf(evidence),
  epoch: 1,
  seq: 1,
  records,
  atMs: 0,
})

/** Small faults to plant in the evidence, with the check that must find each. */
const SPOILINGS: readonly Spoiling[] = [
  {
    what: 'a record that is missing',
    check: exactlyOnce,
    can: (evidence) => hasSoundAgent(evidence) && !evidence.suffered.emptied,
    spoil: ({ intervals }, evidence) => ({ intervals: intervals.toSpliced(sureIndex(evidence), 1) }),
  },
  {
    what: 'a record that is there twice',
    check: exactlyOnce,
    spoil: ({ intervals }, evidence) => ({
      intervals: [...intervals, ...intervals.filter((i) => i.agentId === agentOf(evidence)).slice(-1)],
    }),
  },
  {
    what: 'a record that was changed',
    check: exactlyOnce,
    can: hasSoundAgent,
    spoil: ({ intervals }, evidence) => ({
      intervals: intervals.map((i, n) =>
        n === sureIndex(evidence) ? { ...i, coveredMs: i.coveredMs + 1 } : i,
      ),
    }),
  },
  {
    what: 'one unit more than a device counted',
    check: countedTruth,
    can: ({ suffered }) => suffered.resets.length === 0 && !suffered.emptied,
    spoil: ({ byDevice }, { truth }) => {
      const { counted = {}, forgetful = [] } = truth.at(-1) ?? {}
      const at = byDevice.findIndex(
        (b) => counted[b.group]?.workDiff1 !== undefined && !forgetful.includes(b.group),
      )
      return { byDevice: byDevice.map((b, i) => (i === at ? { ...b, workDiff1: b.workDiff1 + 1 } : b)) }
    },
  },
  {
    what: '1 % too much of integrated energy',
    check: integratedTruth,
    can: ({ suffered }) => suffered.resets.length === 0 && suffered.copied.size === 0,
    spoil: ({ intervals }) => ({
      intervals: intervals.map((i) =>
        i.energyMilliJ === undefined ? i : { ...i, energyMilliJ: i.energyMilliJ * 1.01 },
      ),
    }),
  },
  {
    what: 'a millijoule without an owner',
    check: balance,
    spoil: ({ byWorkload }) => ({
      byWorkload: byWorkload.map((b, i) => (i === 0 ? { ...b, energyMilliJ: b.energyMilliJ + 1 } : b)),
    }),
  },
  {
    what: 'a lost record that is not counted',
    check: countedLosses,
    can: hasMoreThanCounted,
    spoil: (_, evidence) => ({ intervals: loseSome(evidence) }),
  },
  {
    what: 'a loss that is counted, and was none',
    check: countedLosses,
    can: hasSoundAgent,
    spoil: ({ losses }, evidence) => {
      const account = accounts(evidence).find((a) => a.agent === agentOf(evidence))
      const records = (account?.most ?? 0) - (account?.counted ?? 0) + 1
      return { losses: [...losses, lossOf(evidence, records)] }
    },
  },
  {
    what: 'a loss that no alert told',
    check: countedLosses,
    spoil: ({ losses }, evidence) => ({
      intervals: evidence.stored.intervals.toSpliced(sureIndex(evidence), 1),
      losses: [...losses, lossOf(evidence, 1)],
      alerts: [],
    }),
  },
]

/** Shows that the checks can fail. @returns planted faults that no check found; a check that already fails is not tested */
export function blindSpots(evidence: Evidence): string[] {
  return SPOILINGS.filter(({ check, can, spoil }) => {
    if (can?.(evidence) === false || check(evidence).problems.length > 0) return false
    const { alerts = evidence.alerts, ...spoilt } = spoil(evidence.stored, evidence)
    return check({ ...evidence, alerts, stored: { ...evidence.stored, ...spoilt } }).problems.length === 0
  }).map(({ what }) => what)
}
