import type { GpuUse } from './gpu-use.ts'

/**
 * How a board's energy divides over its MIG instances, by cause. With P the board's power, I its power without work, s an instance's
 * part of the board by SMs and a its activity:
 *
 *     part = (I / P) * s + (1 - I / P) * a * s / sum of all (a * s)
 *
 * So idle power goes by slices, to free ones too, and the rest to the instances that work. Where I, P or the activities are not
 * known, or nobody works, all of it goes by slices.
 * @param sizes each instance's part of the board, 0 to 1
 * @param busy whether a process has each instance open: stands for the activities where the driver tells none
 * @returns each instance's part of the energy, 0 to 1, and the part of what no instance takes
 */
export function energyParts(
  { instances = [], powerW, idleW }: Pick<GpuUse, 'instances' | 'powerW' | 'idleW'>,
  sizes: readonly number[],
  busy: readonly boolean[],
): { parts: readonly number[]; rest: number } {
  const free = Math.max(0, 1 - sum(sizes))
  const told = instances.every((i) => i.activityRatio !== undefined)
  const activity = (i: number) => (told ? (instances[i]?.activityRatio ?? 0) : busy[i] ? 1 : 0)
  const work = sizes.map((size, i) => (activity(i) < LEAST_ACTIVITY ? 0 : size * activity(i)))
  const allWork = sum(work)
  if (!powerW || idleW === undefined || !(allWork > 0)) return { parts: sizes, rest: free }
  const idle = Math.min(1, idleW / powerW)
  return {
    parts: sizes.map((size, i) => idle * size + ((1 - idle) * (work[i] ?? 0)) / allWork),
    rest: idle * free,
  }
}

/** DCGM tells six decimal digits. Less is no work, and too small to divide by exactly. */
const LEAST_ACTIVITY = 1e-6

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
