import { HOUR_MS } from '../../protocol/units.ts'
import { daysOf, type Period } from '../economics/calendar.ts'
import type { LedgerSums } from '../economics/ledger-row.ts'
import { addSums, zeroSums } from '../economics/ledger-row.ts'
import type { Restatement } from '../plugin/audit-store.ts'
import type { Store } from '../plugin/store.ts'
import type { Pricing } from '../settling/pricing.ts'
import type { FigureQuery } from '../views/figures.ts'
import type { LedgerFigure } from '../views/ledger-figure.ts'
import { groupName, storedGroup } from './grouping.ts'
import { ledgerFigure } from './ledger-figure.ts'

/** Figures that one chunk aims at; a single bucket of a large site may have more. */
const CHUNK_FIGURES = 5_000
const CHUNK_BUCKETS = 50_000
/** A chunk has at most so many times the buckets of the one before: the next hour may have many more groups. */
const GROWTH = 8
const DAY_MS = 24 * HOUR_MS
/** So long without a figure is passed over, not read in chunks. */
const PASSED_OVER_MS = 32 * DAY_MS

interface Sources {
  store: Pick<Store, 'ledger' | 'restatements'>
  pricing: Pick<Pricing, 'workload' | 'present'>
}

/**
 * The ledger in chunks, oldest first, so that memory stays bounded however long the time is. Sums are made in whole numbers, before
 * they become figures. Long times without figures are passed over: a question that begins in the year 1 costs no more than one that
 * begins with the ledger. Rejects where the store fails.
 */
export async function* ledgerChunks(sources: Sources, query: FigureQuery): AsyncGenerator<LedgerFigure[]> {
  const { toMs, stepMs } = query
  // no record begins before 1970
  const fromMs = await nextFilled(sources, Math.max(0, query.fromMs), toMs)
  if (typeof stepMs === 'string') {
    const { monthOf, timeZone } = sources.pricing.present
    const periodOf = stepMs === 'month' ? monthOf : daysOf(timeZone)
    for (let beginMs = fromMs; beginMs < toMs; ) {
      const endMs = Math.min(toMs, periodOf(beginMs).endMs)
      const figures = await chunkOf(sources, query, { startMs: beginMs, endMs }, endMs - beginMs, periodOf)
      yield figures
      beginMs = figures.length > 0 ? endMs : await nextFilled(sources, endMs, toMs)
    }
    return
  }
  const bucketOf = (ms: number): Period => ({
    startMs: ms - (ms % stepMs),
    endMs: ms - (ms % stepMs) + stepMs,
  })
  let buckets = 1
  for (let beginMs = fromMs; beginMs < toMs; ) {
    const endMs = Math.min(toMs, bucketOf(beginMs).startMs + buckets * stepMs)
    const figures = await chunkOf(sources, query, { startMs: beginMs, endMs }, stepMs, bucketOf)
    yield figures
    beginMs = figures.length > 0 ? endMs : await nextFilled(sources, endMs, toMs)
    const fitting = Math.floor((buckets * CHUNK_FIGURES) / Math.max(1, figures.length))
    buckets = Math.max(1, Math.min(fitting, buckets * GROWTH, CHUNK_BUCKETS))
  }
}

/** The first day with a figure at or after a time; `toMs` where there is none. A time that is short is not searched. */
async function nextFilled({ store }: Sources, fromMs: number, toMs: number): Promise<number> {
  let spanMs = PASSED_OVER_MS
  for (let beginMs = fromMs; toMs - beginMs > PASSED_OVER_MS; spanMs *= GROWTH) {
    const endMs = Math.min(toMs, beginMs + spanMs)
    const days = await store.ledger({ fromMs: beginMs, toMs: endMs, stepMs: DAY_MS, groupBy: 'site' })
    if (days.length > 0) return Math.max(beginMs, Math.min(...days.map(({ startMs }) => startMs)))
    beginMs = endMs
    if (beginMs >= toMs) return toMs
  }
  return Math.min(fromMs, toMs)
}

/** One chunk: reads the store in buckets of `widthMs` and adds them up into those of `bucketOf`. */
async function chunkOf(
  { store, pricing }: Sources,
  { groupBy }: FigureQuery,
  { startMs: fromMs, endMs: toMs }: Period,
  widthMs: number,
  bucketOf: (ms: number) => Period,
): Promise<LedgerFigure[]> {
  const range = { fromMs, toMs, stepMs: widthMs }
  const [buckets, restatements] = await Promise.all([
    store.ledger({ ...range, groupBy: storedGroup(groupBy) }),
    store.restatements(range),
  ])
  // the store's first bucket may begin before the chunk
  const startOf = (ms: number) => bucketOf(Math.max(ms, fromMs)).startMs
  const restated = new Map<number, Restatement>()
  for (const { startMs, revision, restatedMs } of restatements) {
    const start = startOf(startMs)
    const known = restated.get(start)
    restated.set(start, {
      startMs: start,
      revision: Math.max(revision, known?.revision ?? 0),
      restatedMs: Math.max(restatedMs, known?.restatedMs ?? 0),
    })
  }
  const found = new Map<string, { start: number; group: string; sums: LedgerSums }>()
  for (const bucket of buckets) {
    const start = startOf(bucket.startMs)
    const group = groupName(pricing, groupBy, bucket.group)
    const key = `${start}\n${group}`
    const figure = found.get(key) ?? { start, group, sums: zeroSums() }
    addSums(figure.sums, bucket)
    found.set(key, figure)
  }
  return [...found.values()]
    .sort((a, b) => a.start - b.start || (a.group < b.group ? -1 : 1))
    .map(({ start, group, sums }) =>
      ledgerFigure(group, start, bucketOf(start).endMs, sums, restated.get(start)),
    )
}
