import type { GpuUse } from './gpu-use.ts'

/**
 * How a board's energy divides over its MIG instances, by cause. With P the board's power, I its power without work, s an instance's
 * part of the board by SMs and a its activity:
 *
 *     part = (I / P) * s + (1 - I / P) * a * s / sum of all (a * s)
 *
 * So idle power goes by slices, to free ones too, and the rest to the instances that work. Where I, P or all activities are not
 * known, or nobody works, all of it goes by slices. Where some instances don't tell their activity, those that do count by theirs, and
 * the others share by slices what the board's own activity leaves, or count as working where it isn't known.
 * @param sizes each instance's part of the board, 0 to 1
 * @param busy whether a process has each instance open: stands for an activity that the driver doesn't tell; absent: not known either
 * @returns each instance's part of the energy, 0 to 1, and the part of what no instance takes
 */
export function energyParts(
  {
    instances = [],
    powerW,
    idleW,
    utilizationRatio,
  }: Pick<GpuUse, 'instances' | 'powerW' | 'idleW' | 'utilizationRatio'>,
  sizes: readonly number[],
  busy: readonly boolean[] | undefined,
): { parts: readonly number[]; rest: number } {
  const free = Math.max(0, 1 - sum(sizes))
  const told = instances.map(({ activityRatio }) => activityRatio)
  if (!busy && told.every((ratio) => ratio === undefined)) return { parts: sizes, rest: free }
  const untold = untoldActivity(told, sizes, utilizationRatio)
  const activity = (i: number) => told[i] ?? (busy?.[i] === false ? 0 : untold)
  const work = sizes.map((size, i) => (activity(i) < LEAST_ACTIVITY ? 0 : size * activity(i)))
  const allWork = sum(work)
  if (!powerW || idleW === undefined || !(allWork > 0)) return { parts: sizes, rest: free }
  const idle = Math.min(1, idleW / powerW)
  return {
    parts: sizes.map((size, i) => idle * size + ((1 - idle) * (work[i] ?? 0)) / allWork),
    rest: idle * free,
  }
}

/** What an instance that tells no activity counts for, 0 to 1. */
function untoldActivity(
  told: readonly (number | undefined)[],
  sizes: readonly number[],
  boardActivity: number | undefined,
): number {
  // under MIG a driver that tells nothing of the instances may say 0 of the board
  if (boardActivity === undefined || told.every((ratio) => ratio === undefined)) return 1
  const untoldSize = sum(sizes.filter((_, i) => told[i] === undefined))
  const toldWork = sum(sizes.map((size, i) => size * (told[i] ?? 0)))
  return Math.min(1, Math.max(0, boardActivity - toldWork) / untoldSize)
}

/** DCGM tells six decimal digits. Less is no work, and too small to divide by exactly. */
const LEAST_ACTIVITY = 1e-6

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
