import { intervalKey } from '../../protocol/interval.ts'
import { balance, type Check, countedTruth, exactlyOnce } from './checks.ts'
import type { Evidence, Stored } from './evidence.ts'
import { integratedTruth } from './integrated.ts'

interface Spoiling {
  what: string
  check: (evidence: Evidence) => Check
  spoil: (stored: Stored, evidence: Evidence) => Partial<Stored>
}

/** Small faults to plant in the evidence, with the check that must find each. */
const SPOILINGS: readonly Spoiling[] = [
  {
    what: 'a record that is missing',
    check: exactlyOnce,
    spoil: ({ intervals }, { closed }) => {
      const inMemoryOnly = new Set([...closed.values()].flatMap((c) => [...c.inMemoryOnly]))
      const at = intervals.findIndex((i) => !inMemoryOnly.has(intervalKey(i)))
      return { intervals: intervals.toSpliced(at, 1) }
    },
  },
  {
    what: 'a record that is there twice',
    check: exactlyOnce,
    spoil: ({ intervals }) => ({ intervals: [...intervals, ...intervals.slice(-1)] }),
  },
  {
    what: 'a record that was changed',
    check: exactlyOnce,
    spoil: ({ intervals }) => ({
      intervals: intervals.map((i, n) => (n === 0 ? { ...i, coveredMs: i.coveredMs + 1 } : i)),
    }),
  },
  {
    what: 'one unit more than a device counted',
    check: countedTruth,
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
]

/** Shows that the checks can fail. @returns planted faults that no check found; a check that already fails is not tested */
export function blindSpots(evidence: Evidence): string[] {
  return SPOILINGS.filter(({ check, spoil }) => {
    if (check(evidence).problems.length > 0) return false
    const spoilt = { ...evidence.stored, ...spoil(evidence.stored, evidence) }
    return check({ ...evidence, stored: spoilt }).problems.length === 0
  }).map(({ what }) => what)
}
