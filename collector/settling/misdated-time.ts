import { z } from 'zod'
import { CLOCK_TOLERANCE_MS } from '../../protocol/clock-tolerance.ts'
import { reasonOf } from '../../protocol/kit/errors.ts'
import type { Log } from '../../protocol/kit/log.ts'
import { MINUTE_MS } from '../../protocol/units.ts'
import type { Store } from '../plugin/store.ts'

/** Kind and name of the kept text. */
export const MISDATED = { kind: 'misdated', name: 'runs' } as const
/** A clock that nothing keeps drifts by this much of the time at most: what is set right then is drift, and no record is far off by it. */
const DRIFT_RATIO = 1e-4

/** A time in which the collector’s clock ran and no other confirmed it, by that clock. */
const RunSchema = z.object({
  fromMs: z.number(),
  toMs: z.number(),
  /** present: records that came in it may have been labelled by that clock since then, Unix ms, before `fromMs` */
  earliestMs: z.number().optional(),
  /** by how much the clock was set since, ms; absent: the computer was started again with another time, so it is not known */
  byMs: z.number().optional(),
  /** what was stored in it is put aside */
  held: z.literal(true).optional(),
  /** what stood in the store before is known up to this time alone, Unix ms; absent: as far as the run goes */
  knownToMs: z.number().optional(),
})
export type ClockRun = z.output<typeof RunSchema>

/** Kept in the store as JSON, so its property names are an on-disk format. */
const KeptSchema = z.object({
  /** which start of the computer `offsetMs` belongs to */
  boot: z.string(),
  /** wall clock minus steady clock when it was last kept, ms */
  offsetMs: z.number(),
  /** wall clock when it was last kept, Unix ms */
  seenMs: z.number(),
  /** oldest first. The last is the present one where `isOpen` */
  runs: z.array(RunSchema),
  isOpen: z.boolean(),
})
export type KeptRuns = z.output<typeof KeptSchema>

/** Whether the clock was wrong in this run: it was set since by more than it can have drifted. */
export const isWrong = ({ fromMs, toMs, byMs }: ClockRun): boolean =>
  byMs === undefined || Math.abs(byMs) > Math.max(CLOCK_TOLERANCE_MS, 2 * DRIFT_RATIO * (toMs - fromMs))

/** What is kept of the runs; undefined where nothing is. Rejects where the store fails. */
export async function readRuns(store: Pick<Store, 'keptTexts'>, log: Log): Promise<KeptRuns | undefined> {
  const text = (await store.keptTexts(MISDATED.kind)).get(MISDATED.name)
  if (text === undefined || text === '') return undefined
  try {
    return KeptSchema.parse(JSON.parse(text))
  } catch (error) {
    log.error('what is known of the times when this clock was wrong can’t be read', {
      reason: reasonOf(error),
    })
    return undefined
  }
}

/**
 * Whether a minute lies in a time that was shown by a wrong clock and never was. Records that were labelled by that clock stand there; a
 * contract is paid for the right time instead.
 */
export const isMisdated = (runs: readonly ClockRun[], minuteMs: number): boolean =>
  runs.some((run) => minuteMs + MINUTE_MS > run.fromMs && minuteMs <= run.toMs && isWrong(run))
