import type { Instant } from '../../protocol/kit/clock.ts'
import { defined } from '../../protocol/kit/defined.ts'
import type { Reading } from '../plugin/reading.ts'
import { isOtherHardware, lastingId } from '../wire/loose-json/hardware-id.ts'
import { type EstimateBasis, estimateBasis } from './estimate-basis.ts'

/** The parts of a reading that the next reading is compared with. Kept on disk as JSON in the spool's checkpoint. */
export interface LastReading {
  wallMs: number
  /** absent after a restart of the agent: the monotonic clock of another process can't be compared */
  steadyMs?: number
  sample: Pick<
    Reading['sample'],
    'powerW' | 'uptimeS' | 'holders' | 'hashrateHs' | 'utilizationRatio' | 'tokensInPerS' | 'tokensOutPerS'
  >
  /** MAC, serial number or another id, the first one that it told */
  hardwareId?: string
  /** whether the reading had counters by owner */
  namedOwners: boolean
  /** the power that was told last, W, and how long before this reading, which tells none; absent: it tells one, or a counter books that time */
  unpowered?: { powerW: number; ms: number }
  /** present: the machine has no counter of accepted work */
  estimate?: EstimateBasis
}

/** The last reading and this one: what they show about the time between them. */
export interface Comparison {
  /** absent: this is the first reading, or the first of another machine */
  last: LastReading | undefined
  /** the samples of both readings */
  samples: readonly LastReading['sample'][]
  /** whether the machine restarted between them; undefined: it has no uptime */
  restarted: boolean | undefined
  /** how long the machine has been up */
  upMs: number | undefined
  /** time of this reading, Unix ms */
  atMs: number
}

export function compare(
  last: LastReading | undefined,
  reading: Reading,
  { wallMs }: Instant,
  elapsedMs: number | undefined,
): Comparison {
  const { sample } = reading
  return {
    last,
    samples: last ? [last.sample, sample] : [sample],
    restarted: last && restartedSince(last, reading, elapsedMs ?? 0),
    upMs: sample.uptimeS === undefined ? undefined : sample.uptimeS * 1000,
    atMs: wallMs,
  }
}

/**
 * The parts of a reading that the next one is compared with.
 * @param last the reading before; its hardware id is kept where this one has none
 * @param counts whether a counter has counted this machine's work lately
 */
export function asLastReading(
  reading: Reading,
  at: Instant,
  last: LastReading | undefined,
  counts: boolean,
): LastReading {
  const { powerW, uptimeS, holders, hashrateHs, utilizationRatio, tokensInPerS, tokensOutPerS } =
    reading.sample
  return {
    ...at,
    sample: defined({
      powerW,
      uptimeS,
      holders,
      hashrateHs,
      utilizationRatio,
      tokensInPerS,
      tokensOutPerS,
    }),
    namedOwners: reading.counters?.byOwner !== undefined,
    ...defined({
      hardwareId: lastingId(last?.hardwareId, reading.identity.hardwareId),
      estimate: estimateBasis(reading, at.wallMs, last?.estimate, counts),
    }),
  }
}

/**
 * ms since the last reading, by the monotonic clock. Across a restart of the agent it is the wall clock's, and less than 1
 * where that clock was set back meanwhile.
 */
export const elapsedSince = (last: LastReading, at: Instant): number =>
  last.steadyMs === undefined ? at.wallMs - last.wallMs : at.steadyMs - last.steadyMs

/** Whether another machine took the place of the last one: its counters must not be compared with the last reading. */
export const isAnotherMachine = (last: LastReading, { identity }: Reading): boolean =>
  last.hardwareId !== undefined &&
  identity.hardwareId !== undefined &&
  isOtherHardware(last.hardwareId, identity.hardwareId)

/** The power from which the time up to the next reading is integrated, W, and how long before this one it was told. */
export const powerFrom = ({ sample, unpowered }: LastReading): { powerW: number | undefined; ms: number } =>
  sample.powerW === undefined ? (unpowered ?? { powerW: undefined, ms: 0 }) : { powerW: sample.powerW, ms: 0 }

/**
 * An answer that lacks the power once, as where its request was refused, costs no energy: the next one that tells it books the time.
 * A meter's is left out on purpose: it was wild, and so may have been the one before it.
 * @param counted whether a counter has booked the time up to this reading
 * @param mostMs a longer time is a gap
 */
export function unpoweredAt(
  { identity, sample }: Reading,
  last: LastReading | undefined,
  elapsedMs: number | undefined,
  { counted, mostMs }: { counted: boolean; mostMs: number },
): LastReading['unpowered'] {
  if (!last || elapsedMs === undefined || sample.powerW !== undefined || counted) return undefined
  if (identity.kind === 'meter') return undefined
  const { powerW, ms } = powerFrom(last)
  return powerW === undefined || ms + elapsedMs > mostMs ? undefined : { powerW, ms: ms + elapsedMs }
}

/** An uptime of 0 comes in replies that are all zeros, so it shows nothing. */
function restartedSince(last: LastReading, now: Reading, elapsedMs: number): boolean | undefined {
  const { uptimeS } = now.sample
  const before = last.sample.uptimeS
  if (!uptimeS || !before) return undefined
  return uptimeS < before || uptimeS * 1000 < elapsedMs
}
