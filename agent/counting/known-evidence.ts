import type { Verdict } from './counter-window.ts'
import type { PowerSums } from './power-evidence.ts'

/** What the steps of a counter have shown up to the last one, for the next run of the agent. JSON. */
export interface KnownEvidence {
  /** the counter at that step, J, and what it has counted since the first one */
  atJ: number
  countedJ: number
  rises: number
  /** the largest growth among them, J */
  largestJ: number
  /** the longest time between two readings */
  longestMs: number
  /** readings at which it stood */
  stood: number
  /** steps in a row that say the same */
  inARow: number
  than?: Verdict
  power: PowerSums
}

const NUMBERS = ['atJ', 'countedJ', 'rises', 'largestJ', 'longestMs', 'stood', 'inARow'] as const
const SUMS = ['drawnJ', 'backJ', 'ms', 'lowW', 'highW', 'readings', 'squaresW'] as const

/** @param known as an earlier run kept it @returns undefined where it is anything else */
export function readEvidence(known: unknown): KnownEvidence | undefined {
  if (!hasNumbers(known, NUMBERS)) return undefined
  const { power, than } = known as { power?: unknown; than?: unknown }
  const isThan = than === undefined || than === 'more' || than === 'less'
  return isThan && isPowerSums(power) ? ({ ...known, than, power } as KnownEvidence) : undefined
}

/** Whether a value of an earlier run is what readings of power added up to. */
export const isPowerSums = (value: unknown): value is PowerSums => hasNumbers(value, SUMS)

/** Whether a value of an earlier run has these numbers. */
export const hasNumbers = (value: unknown, names: readonly string[]): value is object =>
  typeof value === 'object' &&
  value !== null &&
  names.every((name) => Number.isFinite((value as Record<string, unknown>)[name]))
