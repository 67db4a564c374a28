import type { Interval } from '../../protocol/interval.ts'
import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'
import { MOST_METER_W, type PowerBound } from './abilities.ts'
import type { RecordedSoFar } from './recorded-so-far.ts'

/** A meter counts at most this many times the highest power that it showed meanwhile: peaks between two readings are not seen. */
const ABOVE_SHOWN = 2
/** Small loads come and go between two readings, W. */
const LEAST_SHOWN_W = 1_000
/** Its readings say something of a record where they began so long before it: clocks differ by minutes. */
const SHOWN_BEFORE_MS = 3 * MINUTE_MS
/** What it showed earlier is not kept. */
const SHOWN_FOR_MS = 10 * MINUTE_MS
/** Without readings it counts at most this many times the highest mean power that it had before, of about so much time ... */
const ABOVE_PAST = 10
const MEAN_MS = 20 * MINUTE_MS
/** ... once so much of it is known ... */
const PAST_MS = 5 * MINUTE_MS
/** ... which fades, since sites are rebuilt ... */
const PAST_FADES_MS = 30 * 24 * HOUR_MS
/** ... or this many times the most that the devices behind it draw, since not every load is read ... */
const ABOVE_BEHIND = 3
/** ... or this, where all of it is less: a site that starts after a pause. */
const LEAST_W = 250_000
/** Before anything is known of a meter it may stand for a large hall, W. */
const FIRST_W = 10_000_000
/** The site's meter shows at most this many times the site's power limit. */
const ABOVE_SITE_LIMIT = 1.5

/** The power that a meter showed of late. */
export interface ShownPower {
  /** highest of the last 10 to 20 minutes, in or out, W */
  peakW: number
  /** since when it has been shown without a gap, and the newest reading: collector's clock */
  sinceMs: number
  lastMs: number
}

/** What is known of a meter beside its records. */
export interface MeterSources {
  /** absent where it shows none */
  shown(agentId: string, deviceId: string): ShownPower | undefined
  /** the most that the devices behind it draw together, W; 0 where none is known */
  behindW(deviceId: string): number
  /** `site.powerLimitW`, W */
  siteLimitW?: number | undefined
  /** `site.meter` */
  siteMeter?: string | undefined
}

/** A record of a meter, and what else is known of it. */
export interface MeterRecord {
  agentId: string
  record: Interval
  seen: RecordedSoFar
  nowMs: number
  /** whether the record is of now, so that what the meter shows now speaks of it */
  isOfNow: boolean
}

/** The most that a meter without a rating can have measured in a record's time. */
export function meterBound(sources: MeterSources, of: MeterRecord): PowerBound {
  const { siteLimitW, siteMeter } = sources
  const { deviceId } = of.record
  const bound = shownBound(sources, of) ?? pastBound(sources, of)
  if (siteLimitW !== undefined && deviceId === siteMeter && bound.mostW > ABOVE_SITE_LIMIT * siteLimitW)
    return {
      mostW: ABOVE_SITE_LIMIT * siteLimitW,
      because: () => `${ABOVE_SITE_LIMIT} times ${Math.round(siteLimitW)} W, the site's power limit`,
    }
  if (bound.mostW <= MOST_METER_W) return bound
  return { mostW: MOST_METER_W, because: () => `${MOST_METER_W} W, the most that any meter stands for` }
}

function shownBound(
  { shown: shownBy }: MeterSources,
  { agentId, record, nowMs, isOfNow }: MeterRecord,
): PowerBound | undefined {
  // a meter that counts each phase apart may have both directions while the sum that it shows is 0
  if (!isOfNow || record.startMs < nowMs - SHOWN_FOR_MS || record.exportedMilliJ) return undefined
  const shown = shownBy(agentId, record.deviceId)
  if (!shown || shown.sinceMs > record.startMs - SHOWN_BEFORE_MS || shown.lastMs < nowMs - MINUTE_MS)
    return undefined
  return {
    mostW: Math.max(ABOVE_SHOWN * shown.peakW, LEAST_SHOWN_W),
    because: () => `${ABOVE_SHOWN} times ${Math.round(shown.peakW)} W, the most that it shows meanwhile`,
  }
}

function pastBound(
  { shown: shownBy, behindW, siteLimitW }: MeterSources,
  { agentId, record, seen }: MeterRecord,
): PowerBound {
  const isKnown = seen.pastMs >= PAST_MS
  const firstW = siteLimitW === undefined ? FIRST_W : ABOVE_SITE_LIMIT * siteLimitW
  const ways: PowerBound[] = [
    isKnown
      ? {
          mostW: ABOVE_PAST * seen.pastPeakW,
          because: () => `${ABOVE_PAST} times ${Math.round(seen.pastPeakW)} W, the most that it had before`,
        }
      : {
          mostW: firstW,
          because: () => `${Math.round(firstW)} W, for a meter of which nothing is known yet`,
        },
    {
      mostW: LEAST_W,
      because: () => `${LEAST_W} W, far more than it had before and than what is behind it draws`,
    },
  ]
  const shown = shownBy(agentId, record.deviceId)
  if (shown)
    ways.push({
      mostW: ABOVE_PAST * shown.peakW,
      because: () => `${ABOVE_PAST} times ${Math.round(shown.peakW)} W, the most that it shows now`,
    })
  const behind = behindW(record.deviceId)
  if (behind > 0)
    ways.push({
      mostW: ABOVE_BEHIND * behind,
      because: () =>
        `${ABOVE_BEHIND} times ${Math.round(behind)} W, the most that the devices behind it draw`,
    })
  return ways.reduce((most, way) => (way.mostW > most.mostW ? way : most))
}

/** A person accepted these records of a meter: it does stand for as much from now on. */
export function learnMeter(next: RecordedSoFar, records: readonly Interval[]): void {
  const powersW = records.map(
    ({ energyMilliJ = 0, exportedMilliJ = 0, durationMs }) => (energyMilliJ + exportedMilliJ) / durationMs,
  )
  if (next.taught === 0) next.untaughtPeakW = next.pastMs >= PAST_MS ? next.pastPeakW : 0
  next.taught = 1
  next.pastMs = Math.max(next.pastMs, PAST_MS)
  next.pastPeakW = Math.max(next.pastPeakW, ...powersW)
}

/** A person took that back: the meter stands for what it did before, or, where nothing was known then, that is learnt again. */
export function unlearnMeter(next: RecordedSoFar): void {
  const peakW = next.taught === 0 ? 0 : next.untaughtPeakW
  next.pastMs = peakW > 0 ? PAST_MS : 0
  next.pastMilliJ = peakW * next.pastMs
  next.pastPeakW = peakW
  next.taught = 0
}

/** Takes a record's energy into what the meter had before. */
export function noteMeter(
  next: RecordedSoFar,
  { energyMilliJ = 0, exportedMilliJ = 0 }: Pick<Interval, 'energyMilliJ' | 'exportedMilliJ'>,
  elapsedMs: number,
): void {
  const fade = Math.exp(-elapsedMs / MEAN_MS)
  next.pastMs = next.pastMs * fade + elapsedMs
  next.pastMilliJ = next.pastMilliJ * fade + energyMilliJ + exportedMilliJ
  next.pastPeakW *= Math.exp(-elapsedMs / PAST_FADES_MS)
  if (next.pastMs >= PAST_MS) next.pastPeakW = Math.max(next.pastPeakW, next.pastMilliJ / next.pastMs)
}
