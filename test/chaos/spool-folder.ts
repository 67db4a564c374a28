import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Checkpoint } from '../../agent/uplink/spool/checkpoint.ts'
import { intervalsOf, nextFrame } from '../../agent/uplink/spool/frame.ts'
import { decodeIntervals, type Interval, type IntervalMessage } from '../../protocol/interval.ts'

/** The fields of the spool's checkpoint that are needed here. */
interface Kept {
  epoch?: number
  ackedSeq?: number
  tailSeq?: number
  /** records that no segment may hold yet */
  tail?: IntervalMessage
}

type OnRecords = (epoch: number, firstSeq: number, records: readonly Interval[]) => void

/**
 * Reads the spool folder of a stopped agent, and changes nothing in it.
 * @returns how many records are not acknowledged by the folder's own mark
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
