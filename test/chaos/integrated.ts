import type { AgentInterval } from '../../collector/economics/ledger-row.ts'
import type { Interval } from '../../protocol/interval.ts'
import type { Check } from './check.ts'
import { groupBy } from './checks.ts'
import type { Evidence } from './evidence.ts'
import { realStarts } from './real-time.ts'
import { EDGE_MS, World } from './world.ts'

const TOLERANCE = 0.005
/** the two clocks are read one after the other, and readings are whole milliseconds and watts */
const ROUNDING_MS = 10
/** below this much covered time one machine is too noisy to be judged alone */
const JUDGED_ALONE_MS = 300_000
const ALWAYS_RIGHT = { fromMs: 0, offsetMs: 0 }

interface Sums {
  coveredMs: number
  energyJ: number
  truthJ: number
}

/** Where energy is integrated from power, it is within 0.5 % of the machine's true energy over the covered time. */
export function integratedTruth(evidence: Evidence): Check {
  const world = new World(evidence.truth)
  const starts = allRealStarts(evidence)
  const problems: string[] = []
  const reported = new Map<string, Sums>()
  const modelled = new Map<string, Sums>()
  let [partial, skipped] = [0, 0]
  for (const i of evidence.stored.intervals) {
    if (!i.energyMilliJ || !world.integrates(i.deviceId)) continue
    // two lives of a spool share minutes, and the parts of a record don't say which of the time each covers
    const startMs = evidence.suffered.copied.has(i.agentId) ? undefined : starts.get(i)
    const into = i.powerBasis === 'reported' ? reported : modelled
    if (startMs === undefined || !world.contains(startMs, startMs + i.durationMs)) skipped++
    else if (i.coveredMs === i.durationMs) add(into, i, startMs, world)
    else {
      partial++
      if (into === reported) problems.push(...outOfRange(i, startMs, world))
    }
  }
  const all = total(reported.values())
  for (const [deviceId, sums] of reported)
    if (sums.coveredMs >= JUDGED_ALONE_MS && Math.abs(error(sums)) > TOLERANCE)
      problems.push(`${deviceId}: ${percent(error(sums))} over ${sums.coveredMs / 1000} s`)
  const isSpoilt = world.stoodStill || evidence.suffered.copied.size > 0
  if (all.coveredMs === 0 && !isSpoilt) problems.push('no whole record to compare')
  else if (Math.abs(error(all)) > TOLERANCE) problems.push(`all together: ${percent(error(all))}`)
  const worst = Math.max(0, ...[...reported.values()].map((sums) => Math.abs(error(sums))))
  return {
    id: 'c',
    title: 'integrated energy is within 0.5 % of the truth over the covered time',
    figures: `${reported.size} machines, ${(all.coveredMs / 3.6e6).toFixed(2)} machine-hours: ${percent(error(all))} together, at most ${percent(worst)} one; ${partial} partly covered records within their power's range; ${skipped} not comparable (two clocks possible, begin or end, a copied spool); where power is only modelled ${percent(error(total(modelled.values())))}`,
    problems,
  }
}

function add(into: Map<string, Sums>, i: AgentInterval, startMs: number, world: World): void {
  const sums = into.get(i.deviceId) ?? { coveredMs: 0, energyJ: 0, truthJ: 0 }
  into.set(i.deviceId, sums)
  sums.coveredMs += i.coveredMs
  sums.energyJ += (i.energyMilliJ ?? 0) / 1000
  sums.truthJ += world.energyJ(i.deviceId, startMs, startMs + i.durationMs)
}

/** A partly covered record does not name the covered part, so its mean power must lie between the least and the most of its time. */
function outOfRange(i: AgentInterval, startMs: number, world: World): string[] {
  const { deviceId, energyMilliJ = 0, coveredMs, durationMs } = i
  const [leastW, mostW] = world.powerRangeW(deviceId, startMs - EDGE_MS, startMs + durationMs + EDGE_MS)
  const leastMilliJ = leastW * (coveredMs - ROUNDING_MS) * (1 - TOLERANCE)
  const mostMilliJ = mostW * (coveredMs + ROUNDING_MS) * (1 + TOLERANCE)
  if (energyMilliJ >= leastMilliJ && energyMilliJ <= mostMilliJ) return []
  const at = new Date(startMs).toISOString()
  const meanW = (energyMilliJ / coveredMs).toFixed(1)
  return [
    `${deviceId} at ${at}: ${meanW} W over ${coveredMs} ms, truth ${leastW.toFixed(1)} to ${mostW.toFixed(1)} W`,
  ]
}

const error = ({ energyJ, truthJ }: Sums): number => (truthJ > 0 ? energyJ / truthJ - 1 : 0)
const percent = (ratio: number): string => `${(100 * ratio).toFixed(3)} %`

function total(all: Iterable<Sums>): Sums {
  const sums = { coveredMs: 0, energyJ: 0, truthJ: 0 }
  for (const { coveredMs, energyJ, truthJ } of all) {
    sums.coveredMs += coveredMs
    sums.energyJ += energyJ
    sums.truthJ += truthJ
  }
  return sums
}

function allRealStarts({ stored, closed, clocks }: Evidence): Map<AgentInterval, number> {
  const starts = new Map<AgentInterval, number>()
  for (const records of groupBy(stored.intervals, (i) => `${i.agentId} ${i.deviceId}`).values()) {
    const agent = records[0]?.agentId ?? ''
    const closedAs = (i: Interval) => closed.get(agent)?.numberOf(i) ?? 0
    const inOrder = records.toSorted((a, b) => closedAs(a) - closedAs(b))
    for (const [record, startMs] of realStarts(inOrder, clocks.get(agent) ?? [ALWAYS_RIGHT]))
      starts.set(record, startMs)
  }
  return starts
}
