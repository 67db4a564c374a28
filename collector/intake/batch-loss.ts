import type { Interval, IntervalBatch } from '../../protocol/interval.ts'
import { BY_DATABASE, type Loss } from '../plugin/audit-store.ts'
import type { HighWater } from '../plugin/store.ts'
import { latestEpochAt } from './legal-numbers.ts'
import type { Overlap } from './overlap.ts'

type Part = Pick<Loss, 'records' | 'fromMs' | 'toMs' | 'cause'>
type Told = Part & Pick<Loss, 'kind'>

interface Numbers {
  batch: IntervalBatch
  /** up to which the agent's records are stored, as far as the batch's numbers tell */
  storedSeq: number | undefined
  /** number that the next record should have */
  expected: number
  /** whether the batch holds records past `storedSeq` */
  isNew: boolean
  /** start of the newest record that is stored of the agent, Unix ms */
  newestMs?: number | undefined
  /** records under numbers of before that the database lost */
  owed?: number
}

const CAUSES = {
  'went-back': 'its spool was put back to an earlier state: restored, rolled back or copied',
  'another-spool': 'it sends from another spool than before: an older backup, or a second agent of its name',
} as const

/** What was lost before or within a batch, as one loss; undefined where there is nothing to tell. */
export function batchLoss(numbers: Numbers, overlap: Overlap | undefined): Told | undefined {
  const { missing, tells = false, account } = overlap ?? {}
  const before = numbers.isNew ? lostBefore(numbers) : undefined
  const owed = numbers.owed ? { records: numbers.owed, cause: BY_DATABASE } : undefined
  const parts: Part[] = [before, missing, owed].filter((part) => part !== undefined)
  const cause = before?.cause ?? (before ? undefined : owed?.cause)
  if (parts.length === 0 && !tells) return undefined
  const fromMs = parts.flatMap((part) => part.fromMs ?? [])
  const toMs = parts.flatMap((part) => part.toMs ?? [])
  return {
    records: parts.reduce((sum, part) => sum + part.records, 0),
    ...(fromMs.length > 0 ? { fromMs: Math.min(...fromMs) } : {}),
    ...(toMs.length > 0 ? { toMs: Math.max(...toMs) } : {}),
    ...(cause === undefined ? {} : { cause }),
    ...(tells && account ? { kind: account.kind, cause: CAUSES[account.kind] } : {}),
  }
}

/** Records that could not be read: their bytes are in quarantine, and they are missing in the ledger like lost ones. */
export const unreadableLoss = ({ records, reason }: { records: number; reason: string }): Told => ({
  records,
  cause: `they can’t be read: ${reason}`,
})

/** Records that begin with others of their device and owner, in a minute without a ms that is free. Undefined where there are none. */
export const noStartLoss = (left: readonly Interval[]): Told | undefined => {
  if (left.length === 0) return undefined
  const starts = left.map(({ startMs }) => startMs)
  return {
    records: left.length,
    fromMs: Math.min(...starts),
    toMs: Math.max(...starts),
    cause: 'other records of their devices and owners begin at each ms of their minute',
  }
}

/** A person put an agent's numbers back: nothing is lost by it, and the book of losses says who and why. */
export function resetLoss(
  agentId: string,
  { epoch = 0, seq = 0 }: Partial<HighWater> = {},
  { by, reason }: { by: string; reason: string },
  atMs: number,
): Loss {
  const cause = `its numbers were put back by ${by}: ${reason}; before: epoch ${epoch}, record ${seq}`
  return {
    agentId,
    epoch: Math.min(epoch, latestEpochAt(atMs)),
    seq: atMs,
    records: 0,
    atMs,
    kind: 'reset',
    cause,
  }
}

/**
 * Records lost before this batch: the sequence numbers that are missing or, in a new spool, the gaps that the agent reports. An agent
 * reports what its spool has lost; what is missing without a report it has deleted, as it does once the collector has acknowledged it.
 */
function lostBefore({ batch, storedSeq, expected, newestMs }: Numbers): Part | undefined {
  const { firstSeq, gaps = [] } = batch
  const reported = firstSeq === expected ? gaps : []
  const records =
    storedSeq === undefined ? reported.reduce((sum, gap) => sum + gap.records, 0) : expected - storedSeq - 1
  if (records <= 0) return undefined
  if (reported.length === 0) {
    const nextMs = batch.intervals[expected - firstSeq]?.startMs
    const isKnown =
      newestMs !== undefined && nextMs !== undefined && nextMs > newestMs && (storedSeq ?? 0) > 0
    return { records, ...(isKnown ? { fromMs: newestMs, toMs: nextMs } : {}), cause: BY_DATABASE }
  }
  return {
    records,
    fromMs: Math.min(...reported.map((gap) => gap.fromMs)),
    toMs: Math.max(...reported.map((gap) => gap.toMs)),
  }
}
