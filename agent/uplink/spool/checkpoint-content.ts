import {
  decodeIntervals,
  encodeIntervals,
  type Interval,
  type IntervalMessage,
} from '../../../protocol/interval.ts'
import type { SpoolHome } from './home.ts'
import type { LifeState } from './life.ts'
import type { LossesState } from './losses.ts'

/** What the checkpoint holds. The property names are an on-disk format. */
export interface CheckpointContent extends LifeState {
  ackedSeq: number
  /** absent where an older version of the agent wrote it */
  home?: SpoolHome
  losses: LossesState
  /** seq of the first record of `tail` */
  tailSeq: number
  /** records that are in no segment yet */
  tail: readonly Interval[]
  /** the caller's own state: the open records of the interval meter */
  open: unknown
}

type OnDisk = Omit<CheckpointContent, 'tail'> & { v: 1; tail: IntervalMessage | undefined }

/** The content as it is written: records by columns, as in the interval message. */
export const encodeContent = ({ tail, ...rest }: CheckpointContent): OnDisk => ({
  v: 1,
  ...rest,
  tail: encodeIntervals({ epoch: 0, firstSeq: 1, oldestSeq: 1, intervals: [...tail] }, 0),
})

/**
 * The content of a value that was read; undefined where there is none, or a later version of the agent wrote it. The checkpoint's
 * checksum guarantees the shape, so it is not parsed again.
 */
export function decodeContent(found: unknown): CheckpointContent | undefined {
  const disk = found as OnDisk | undefined
  if (disk?.v !== 1) return undefined
  const { v: _, tail, ...rest } = disk
  return { ...rest, tail: tail ? decodeIntervals(tail).intervals : [] }
}
