import type { NamedSensor } from './machine-power.ts'
import { wordsOf } from './sensor-names.ts'

/** `GPU1 Power`, `CPU 0 Pwr`, `GPU_3_Power_0`; a limit is no power. */
const A_PART = /^(gpu|cpu) ?(\d+)(?: (?:board|card|package|pkg|total))?(?: power| pwr| watts)(?: \d+)?$/
/** Sensors of a total and of its parts are read at different moments, and are exact to some 10 %. */
const TOLERANCE = 1.3
const SLACK_W = 50

/** W that a machine's numbered CPUs and GPUs draw together, by their sensors; 0: it shows none. */
export function partsTogetherW(sensors: readonly NamedSensor[]): number {
  const parts = new Map<string, number>()
  for (const { name, powerW = 0 } of sensors) {
    const [, kind, number] = A_PART.exec(wordsOf(name)) ?? []
    const part = `${kind} ${number}`
    // a part can have a sensor for its board and one for its chip
    if (kind !== undefined) parts.set(part, Math.max(powerW, parts.get(part) ?? 0))
  }
  return [...parts.values()].reduce((sum, powerW) => sum + powerW, 0)
}

/** Whether a total is below what is in it. */
export const isBelowParts = (powerW: number, partsW: number): boolean => powerW * TOLERANCE + SLACK_W < partsW
