import { MINUTE_MS } from '../../protocol/units.ts'

/** Joins minutes (Unix ms, any order) into runs of adjacent minutes: [from, to) of each run, oldest first. */
export function runsOf(minutes: readonly number[]): [fromMs: number, toMs: number][] {
  const runs: [number, number][] = []
  for (const minute of [...minutes].sort((a, b) => a - b)) {
    const run = runs.at(-1)
    if (run && minute <= run[1]) run[1] = minute + MINUTE_MS
    else runs.push([minute, minute + MINUTE_MS])
  }
  return runs
}
