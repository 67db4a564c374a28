import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Checkpoint } from '../../agent/uplink/spool/checkpoint.ts'
import { intervalsOf, nextFrame } from '../../agent/uplink/spool/frame.ts'
import { decodeIntervals, type Interval, type IntervalMessage } from '../../protocol/interval.ts'

/** What the spool's checkpoint says, as far as it is read here. */
interface Kept {
  epoch?: number
  ackedSeq?: number
  tailSeq?: number
  /** records that may be in no segment yet */
  tail?: IntervalMessage
}

type OnRecords = (epoch: number, firstSeq: number, records: readonly Interval[]) => void

/**
 * Reads everything that the spool folder of an agent that does not run holds, and changes nothing in it.
 * @returns how many of its records the collector has not acknowledged, as far as the folder knows
 */
export async function closedOnDisk(folder: string, onRecords: OnRecords): Promise<number> {
  const kept = (await new Checkpoint(folder).read()) as Kept | undefined
  const { epoch = 0, ackedSeq = 0, tailSeq = 1, tail } = kept ?? {}
  const waiting = new Set<number>()
  const found = (firstSeq: number, records: readonly Interval[]) => {
    if (records.length > 0) onRecords(epoch, firstSeq, records)
    for (const i of records.keys()) if (firstSeq + i > ackedSeq) waiting.add(firstSeq + i)
  }
  if (tail) found(tailSeq, decodeIntervals(tail).intervals)
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((n) => n.endsWith('.seg'))) {
    const bytes = await readFile(join(folder, name))
    for (let frame = nextFrame(bytes, 0); frame; frame = nextFrame(bytes, frame.endOffset))
      found(frame.firstSeq, intervalsOf(frame) ?? [])
  }
  return waiting.size
}
