import { isPossible } from '../../protocol/quantities.ts'

/** A part of 1 that a tool told, such as a utilisation; undefined where it is none. */
export function ratioOf(value: number | undefined): number | undefined {
  if (value === undefined || !isPossible('utilizationRatio', 'gpu', value)) return undefined
  return Math.min(1, value)
}
