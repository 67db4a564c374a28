import type { IntervalBatch } from '../../protocol/interval.ts'
import type { HighWater } from '../plugin/store.ts'

/**
 * What the life of a batch's spool has to do with the life that the mark is in:
 * - `first`: the agent has no mark yet
 * - `same`: the same life, stored up to `storedSeq`
 * - `continues`: a following life of the same spool; its records up to `storedSeq` are stored, under the same numbers
 * - `went-back`: a following life of an earlier state of that spool: records past `storedSeq` were numbered again
 * - `another-spool`: it does not descend from that life
 * - `behind`: its epoch is below the mark's, and it is not a following life: it must begin a life with a higher one
 */
export type Lineage =
  | { kind: 'first' | 'another-spool' | 'behind' }
  | { kind: 'same' | 'went-back'; storedSeq: number }
  /** `commonSeq`: up to which the life that the mark is in had numbered when this one began */
  | { kind: 'continues'; storedSeq: number; commonSeq: number }

/** An older agent or collector tells no life: then the epoch alone counts. */
const sameLife = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b

export function lineageOf(
  { epoch, life, after = [] }: Pick<IntervalBatch, 'epoch' | 'life' | 'after'>,
  mark: HighWater | undefined,
): Lineage {
  if (!mark) return { kind: 'first' }
  if (epoch === mark.epoch && sameLife(life, mark.life)) return { kind: 'same', storedSeq: mark.seq }
  if (epoch <= mark.epoch) return { kind: 'behind' }
  const ancestor = after.find((a) => a.epoch === mark.epoch && sameLife(a.life, mark.life))
  if (ancestor)
    return mark.seq <= ancestor.seq
      ? { kind: 'continues', storedSeq: mark.seq, commonSeq: ancestor.seq }
      : { kind: 'went-back', storedSeq: ancestor.seq }
  // an older agent tells no ancestors: a higher epoch is its new spool, or its clock
  return life === undefined ? { kind: 'first' } : { kind: 'another-spool' }
}
