import type { Interval, IntervalBatch } from '../../../protocol/interval.ts'
import type { MemoryMode } from './memory-mode.ts'
import type { Numbering } from './numbering.ts'
import type { SegmentReader } from './reader.ts'

interface Source {
  numbering: Numbering
  memory: MemoryMode
  /** absent while the disk can't be read */
  reader: () => SegmentReader | undefined
}

/**
 * Up to `limit` records from `fromSeq` on, or from the oldest if that is later. Undefined where there are none to send now. A
 * batch has no hole: it ends before one. Unreadable records at the oldest end are counted as lost and skipped.
 */
export async function nextBatch(
  { numbering, memory, reader }: Source,
  fromSeq: number,
  limit: number,
): Promise<IntervalBatch | undefined> {
  const { life } = numbering
  if (!memory.lifeIsKnown) return undefined
  let seq = Math.max(fromSeq, numbering.oldestSeq)
  const intervals: Interval[] = []
  while (intervals.length < limit && seq < numbering.nextSeq) {
    const inTail = seq >= numbering.tailSeq
    if (inTail && !memory.maySend(seq)) break
    const chunk = inTail
      ? { firstSeq: numbering.tailSeq, intervals: memory.sendable() }
      : await reader()?.find(seq)
    if (life.life !== numbering.life.life) return undefined
    if (seq < numbering.oldestSeq) {
      // acknowledged while the disk was read, and perhaps deleted: that is no loss
      if (intervals.length > 0) break
      seq = numbering.oldestSeq
      continue
    }
    const { tail, tailSeq } = numbering
    const foundSeq = Math.max(seq, Math.min(chunk?.firstSeq ?? tailSeq, tailSeq))
    if (foundSeq > seq) {
      // records before the hole must be acknowledged first: `oldestSeq` of the next batch tells the collector of the hole
      if (intervals.length > 0 || seq > numbering.oldestSeq) break
      numbering.skipOldest(seq, foundSeq - 1, chunk?.intervals[0]?.startMs ?? tail[0]?.startMs)
      seq = numbering.oldestSeq
      continue
    }
    const from = seq - (chunk?.firstSeq ?? seq)
    const found = chunk?.intervals.slice(from, from + limit - intervals.length) ?? []
    intervals.push(...found)
    seq += found.length
  }
  // a new life began while the disk was read, and has other numbers
  if (intervals.length === 0 || life.life !== numbering.life.life) return undefined
  const firstSeq = seq - intervals.length
  const gaps = numbering.losses.gapsBefore(firstSeq)
  const batch = { ...numbering.life, firstSeq, oldestSeq: numbering.oldestSeq, intervals }
  return gaps.length > 0 ? { ...batch, gaps } : batch
}
