import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Checkpoint } from '../../agent/uplink/spool/checkpoint.ts'
import { intervalsOf, nextFrame } from '../../agent/uplink/spool/frame.ts'
import { Labels, type LabelsState } from '../../agent/uplink/spool/labels.ts'
import { decodeIntervals, type Interval, type IntervalMessage } from '../../protocol/interval.ts'
import { relabelled } from '../../protocol/relabel.ts'

interface KeptDevice {
  drawnMilliJ?: number
  energy?: { atMs?: number }
  counters?: [string, { atMs?: number }][]
}

/** The fields of the spool's checkpoint that are needed here. */
interface Kept {
  epoch?: number
  ackedSeq?: number
  tailSeq?: number
  /** records that no segment may hold yet */
  tail?: IntervalMessage
  /** records whose time is not known yet, or not the one that they say */
  labels?: LabelsState
  /** the open records, and the counters, by device */
  open?: { devices?: [string, KeptDevice][] }
}

/** What the spool folder of a stopped agent tells. */
export interface SpoolFolder {
  /** records that are not acknowledged by the folder's own mark */
  waiting: number
  /** mJ by device that were integrated from power since its energy counter last moved: the counter's next difference takes them back */
  aheadMilliJ: ReadonlyMap<string, number>
  /** when a counter of each device that has any was read last, Unix ms */
  countedMs: ReadonlyMap<string, number>
}

type OnRecords = (epoch: number, firstSeq: number, records: readonly Interval[]) => void

/**
 * Reads the spool folder of a stopped agent, and changes nothing in it.
 * @param waitingOnly true where the agent's clock was ever wrong: once records are acknowledged, the folder no longer knows their right time
 */
export async function readSpoolFolder(
  folder: string,
  waitingOnly: boolean,
  onRecords: OnRecords,
): Promise<SpoolFolder> {
  const kept = (await new Checkpoint(folder).read()) as Kept | undefined
  const { epoch = 0, ackedSeq = 0, tailSeq = 1, tail, labels: state, open } = kept ?? {}
  const labels = new Labels(state)
  const waiting = new Set<number>()
  const found = (firstSeq: number, records: readonly Interval[]) => {
    for (const [i, record] of records.entries()) {
      if (waitingOnly && firstSeq + i <= ackedSeq) continue
      const shiftMs = labels.shiftAt(firstSeq + i)
      // one that is held has no time yet, and was never sent
      if (shiftMs !== undefined) onRecords(epoch, firstSeq + i, [relabelled(record, shiftMs)[0]])
    }
    for (const i of records.keys()) if (firstSeq + i > ackedSeq) waiting.add(firstSeq + i)
  }
  if (tail) found(tailSeq, decodeIntervals(tail).intervals)
  const names = await readdir(folder).catch(() => [])
  for (const name of names.filter((n) => n.endsWith('.seg'))) {
    const bytes = await readFile(join(folder, name))
    for (let frame = nextFrame(bytes, 0); frame; frame = nextFrame(bytes, frame.endOffset))
      found(frame.firstSeq, intervalsOf(frame) ?? [])
  }
  const ahead = (open?.devices ?? []).map(([id, { drawnMilliJ = 0 }]) => [id, drawnMilliJ] as const)
  return {
    waiting: waiting.size,
    aheadMilliJ: new Map(ahead.filter(([, milliJ]) => milliJ > 0)),
    countedMs: new Map((open?.devices ?? []).flatMap(([id, device]) => countedAt(id, device))),
  }
}

function countedAt(id: string, { energy, counters = [] }: KeptDevice): [string, number][] {
  const times = [energy, ...counters.map(([, state]) => state)].flatMap((state) => state?.atMs ?? [])
  return times.length > 0 ? [[id, Math.max(...times)]] : []
}
