import type { Interval } from '../../../protocol/interval.ts'
import { relabelled } from '../../../protocol/relabel.ts'
import type { ShiftOf } from './labels.ts'
import type { Numbering } from './numbering.ts'
import type { SegmentReader } from './reader.ts'

/** Records that get their right time in one commit: what they leave over must fit into its checkpoint, beside what waits for it. */
const AT_ONCE = 2_000
const MOST_WAITING = 1_000

interface Source {
  numbering: Numbering
  /** a reader of its own: it must not disturb the one that reads for sending */
  reader: () => SegmentReader | undefined
}

/**
 * Gives the first held records their right time. One that now crosses a minute is sent under its number as its first part; the
 * second part becomes a record of its own, which the same commit makes safe.
 * @returns whether there were any
 */
export async function giveRightTimes({ numbering, reader }: Source, shiftOf: ShiftOf): Promise<boolean> {
  const known = numbering.labels.firstKnown(shiftOf, AT_ONCE)
  if (!known || (known.shiftMs !== 0 && numbering.tail.length > MOST_WAITING)) return false
  const rest: Interval[] = []
  if (known.shiftMs !== 0)
    for await (const record of recordsOf({ numbering, reader }, known.fromSeq, known.toSeq)) {
      const [, second] = relabelled(record, known.shiftMs)
      if (second) rest.push(second)
    }
  numbering.labels.release(known)
  numbering.append(rest)
  return true
}

/** The numbered records that can be read; what is damaged or acknowledged is passed over. */
async function* recordsOf(
  { numbering, reader }: Source,
  fromSeq: number,
  toSeq: number,
): AsyncGenerator<Interval> {
  for (let seq = fromSeq; seq <= toSeq; ) {
    const { tail, tailSeq } = numbering
    const chunk = seq >= tailSeq ? { firstSeq: tailSeq, intervals: tail } : await reader()?.find(seq)
    if (!chunk) {
      // the segments hold no more of them: the next may be in the tail
      if (seq >= numbering.tailSeq) return
      seq = numbering.tailSeq
      continue
    }
    const end = Math.min(toSeq, chunk.firstSeq + chunk.intervals.length - 1)
    const first = Math.max(seq, chunk.firstSeq)
    yield* chunk.intervals.slice(first - chunk.firstSeq, end - chunk.firstSeq + 1)
    seq = Math.max(seq, end) + 1
  }
}
