import {
  decodeIntervals,
  encodeIntervals,
  type Interval,
  type IntervalMessage,
} from '../../../protocol/interval.ts'
import type { LossesState } from './losses.ts'

/** What the checkpoint holds: the numbers of the spool, the records that no segment has yet, and the caller's own state. */
export interface Kept {
  epoch: number
  ackedSeq: number
  losses: LossesState
  /** seq of the first record of `tail` */
  tailSeq: number
  tail: readonly Interval[]
  open: unknown
}

type OnDisk = Omit<Kept, 'tail'> & { v: 1; tail: IntervalMessage | undefined }

/** As it is written: records by columns, as on the wire. */
export const keep = ({ tail, ...rest }: Kept): OnDisk => ({
  v: 1,
  ...rest,
  tail: encodeIntervals({ epoch: 0, firstSeq: 1, oldestSeq: 1, intervals: [...tail] }, 0),
})

/** As it was written; undefined where there is nothing, or a later version's. Its checksum vouches for the shape. */
export function kept(found: unknown): Kept | undefined {
  const disk = found as OnDisk | undefined
  if (disk?.v !== 1) return undefined
  const { v: _, tail, ...rest } = disk
  return { ...rest, tail: tail ? decodeIntervals(tail).intervals : [] }
}
