import { z } from 'zod'
import { DeviceIdSchema } from './device.ts'
import { type Extra, unknownColumns } from './extra.ts'
import { type Owner, OwnerSchema, ownerKey } from './owner.ts'
import { POWER_BASES, type PowerBasis } from './sample.ts'
import { ANCESTORS_KEPT, type Ancestor, AncestorSchema, LifeIdSchema } from './spool-life.ts'
import { minuteOf } from './units.ts'

/** Additive quantities of an interval: whole numbers in the unit of the name, so that sums are exact in any order. */
export const INTERVAL_QUANTITIES = [
  /** mJ: 1 J is too coarse for a minute of a shared GPU, and a minute of 10 MW still fits into 2^53 */
  'energyMilliJ',
  /** work that the pool accepted, in difficulty-1 shares: the paid work */
  'workDiff1',
  /** work of a machine that has no counter of accepted work: hashrate x time, less rejected shares, in difficulty-1 shares; paid too */
  'estimatedWorkDiff1',
  /** work by the machine's own hashrate reading, in difficulty-1 shares */
  'hashrateWorkDiff1',
  /** GPU-milliseconds that the owner held */
  'gpuMs',
  /** the same times utilisation */
  'busyGpuMs',
  'tokensIn',
  /** part of tokensIn that came from the server's cache; absent where the server does not count it */
  'tokensInCached',
  'tokensOut',
  /** mJ that flowed out through a meter; `energyMilliJ` is what flowed in. Absent where nothing did. */
  'exportedMilliJ',
] as const
export type IntervalQuantity = (typeof INTERVAL_QUANTITIES)[number]

/**
 * What one device did for one owner in one UTC minute, or in a part of it. Immutable. Its key is (deviceId, owner, startMs), so
 * writes are idempotent. Absent quantities are unknown, not zero.
 */
export interface Interval extends Partial<Record<IntervalQuantity, number>> {
  deviceId: string
  owner: Owner
  /** Unix ms, agent's clock */
  startMs: number
  durationMs: number
  /** the part of `durationMs` that readings cover; a record that says more can't be, and a collector holds it back */
  coveredMs: number
  powerBasis?: PowerBasis
  /** true: quantities come from a counter's difference over a time without readings; none where a later record tells it */
  recovered?: boolean
  /** the largest difficulty of a share in this time, difficulty-1 shares; absent: not known. It bounds what chance explains, and is not stored */
  shareDiff1?: number
  /** what a newer agent says about it, under names that this version does not know */
  extra?: Extra
}

export const intervalKey = (i: Pick<Interval, 'deviceId' | 'owner' | 'startMs'>): string =>
  `${i.deviceId}|${ownerKey(i.owner)}|${i.startMs}`

export const MAX_INTERVALS_PER_MESSAGE = 500

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER)
const column = <T extends z.ZodType>(item: T) => z.array(item).max(MAX_INTERVALS_PER_MESSAGE)
const quantities = Object.fromEntries(
  INTERVAL_QUANTITIES.map((name) => [name, column(count.nullable()).optional()]),
) as Record<IntervalQuantity, z.ZodOptional<z.ZodArray<z.ZodNullable<typeof count>>>>

const IntervalGapSchema = z.object({ fromMs: count, toMs: count, records: count })
/** Records that a full spool dropped: how many, with the first and the last start time (approximate). */
export type IntervalGap = z.infer<typeof IntervalGapSchema>
const MAX_GAPS_PER_MESSAGE = 100

/** The part of a batch that is needed to acknowledge it, also where its records can't be read. */
export const IntervalEnvelopeSchema = z.object({
  v: z.literal(1),
  /** one life of the spool, by its time of begin; a following life has a higher epoch */
  epoch: count,
  /** random id of that life, which no copy of the spool's folder shares; absent: an older agent */
  life: LifeIdSchema.optional(),
  /** earlier lives whose records up to a seq have the same numbers in this one; only until a batch of this life is acknowledged */
  after: z.array(AncestorSchema).max(ANCESTORS_KEPT).optional(),
  /** sequence number of the first record; record k has firstSeq + k */
  firstSeq: z.number().int().positive(),
  /**
   * Oldest record in the spool. Earlier ones were acknowledged, or dropped by a full spool: a collector whose high-water mark is
   * lower counts the difference as lost and goes on from here.
   */
  oldestSeq: z.number().int().positive(),
  /** what was lost just before `firstSeq`; it travels with this batch alone, so that it is counted once */
  gaps: z.array(IntervalGapSchema).max(MAX_GAPS_PER_MESSAGE).optional(),
  sentAtMs: count,
  ids: column(z.unknown()),
})

const OneSchema = IntervalEnvelopeSchema.extend({
  ids: column(DeviceIdSchema),
  owners: z.array(OwnerSchema).max(MAX_INTERVALS_PER_MESSAGE),
  owner: column(count),
  startMs: column(count),
  durationMs: column(z.number().int().positive().max(60_000)),
  coveredMs: column(count),
  /** a newer agent may send a word that is none of POWER_BASES */
  powerBasis: column(z.string().nullable()).optional(),
  recovered: column(z.boolean()).optional(),
  shareDiff1: column(count.nullable()).optional(),
  ...quantities,
})
const KNOWN: ReadonlySet<string> = new Set(Object.keys(OneSchema.shape))

/**
 * The interval message: records by columns, in the order of their seq. Columns that only a newer agent knows stay; any other field
 * that this version does not know is left out.
 */
export const IntervalMessageSchema = OneSchema.loose()
  .superRefine((m, ctx) => {
    const n = m.ids.length
    const fail = (path: (string | number)[], message: string) =>
      ctx.addIssue({ code: 'custom', path, message })
    for (const name of [
      'owner',
      'startMs',
      'durationMs',
      'coveredMs',
      'powerBasis',
      'recovered',
      'shareDiff1',
      ...INTERVAL_QUANTITIES,
    ] as const) {
      const length = m[name]?.length ?? n
      if (length !== n) return fail([name], `expected ${n} values, one for each id, got ${length}`)
    }
    for (let i = 0; i < n; i++) {
      const start = m.startMs[i] as number
      const duration = m.durationMs[i] as number
      if ((m.owner[i] as number) >= m.owners.length)
        return fail(['owner', i], `names owner ${m.owner[i]}, which is not in owners`)
      if (minuteOf(start) !== minuteOf(start + duration - 1))
        return fail(['startMs', i], 'the record crosses a UTC minute')
    }
  })
  .transform((m) => {
    const kept = new Set(unknownColumns(m, KNOWN, m.ids.length).map(([name]) => name))
    for (const name of Object.keys(m)) if (!KNOWN.has(name) && !kept.has(name)) delete m[name]
    return m
  })
export type IntervalMessage = z.infer<typeof IntervalMessageSchema>

export interface IntervalBatch {
  epoch: number
  life?: string
  after?: readonly Ancestor[]
  firstSeq: number
  oldestSeq: number
  gaps?: IntervalGap[]
  intervals: Interval[]
}

export function encodeIntervals(batch: IntervalBatch, sentAtMs: number): IntervalMessage {
  const { intervals } = batch
  const owners: Owner[] = []
  const index = new Map<string, number>()
  const owner = intervals.map((r) => {
    const key = ownerKey(r.owner)
    const seen = index.get(key)
    if (seen !== undefined) return seen
    const i = owners.push(r.owner) - 1
    index.set(key, i)
    return i
  })
  const message: IntervalMessage = {
    v: 1,
    epoch: batch.epoch,
    ...(batch.life === undefined ? {} : { life: batch.life }),
    ...(batch.after?.length ? { after: [...batch.after] } : {}),
    firstSeq: batch.firstSeq,
    oldestSeq: batch.oldestSeq,
    ...(batch.gaps ? { gaps: batch.gaps } : {}),
    sentAtMs,
    ids: intervals.map((r) => r.deviceId),
    owners,
    owner,
    startMs: intervals.map((r) => r.startMs),
    durationMs: intervals.map((r) => r.durationMs),
    coveredMs: intervals.map((r) => r.coveredMs),
  }
  const basisOf = (r: Interval) => r.powerBasis ?? r.extra?.['powerBasis']?.toString() ?? null
  const bases = intervals.map(basisOf)
  if (bases.some((basis) => basis !== null)) message.powerBasis = bases
  if (intervals.some((r) => r.recovered)) message.recovered = intervals.map((r) => r.recovered ?? false)
  for (const name of ['shareDiff1', ...INTERVAL_QUANTITIES] as const)
    if (intervals.some((r) => r[name] !== undefined)) message[name] = intervals.map((r) => r[name] ?? null)
  for (const name of new Set(intervals.flatMap((r) => Object.keys(r.extra ?? {}))))
    if (!KNOWN.has(name)) message[name] = intervals.map((r) => r.extra?.[name] ?? null)
  return message
}

export function decodeIntervals(m: IntervalMessage): IntervalBatch {
  const unknown = unknownColumns(m, KNOWN, m.ids.length)
  const intervals = m.ids.map((deviceId, i) => {
    const record: Interval = {
      deviceId,
      owner: m.owners[m.owner[i] as number] as Owner,
      startMs: m.startMs[i] as number,
      durationMs: m.durationMs[i] as number,
      coveredMs: m.coveredMs[i] as number,
    }
    const word = m.powerBasis?.[i]
    const basis = POWER_BASES.find((known) => known === word)
    if (basis) record.powerBasis = basis
    if (m.recovered?.[i]) record.recovered = true
    for (const name of ['shareDiff1', ...INTERVAL_QUANTITIES] as const) {
      const value = m[name]?.[i]
      if (value !== null && value !== undefined) record[name] = value
    }
    const extra: Record<string, Extra[string]> = {}
    for (const [name, cells] of unknown) {
      const value = cells[i]
      if (value !== null && value !== undefined) extra[name] = value
    }
    if (word && !basis) extra['powerBasis'] = word
    if (Object.keys(extra).length > 0) record.extra = extra
    return record
  })
  return { ...numbersOf(m), intervals }
}

/**
 * A record with what was kept beside it. What this version knows by now becomes a part of the record: an earlier version stored it
 * for a newer agent.
 */
export function withExtra<T extends Interval>(record: T, extra: Extra): T {
  const whole: Interval = { ...record }
  const rest: Record<string, Extra[string]> = {}
  for (const [name, value] of Object.entries(extra)) {
    const quantity = INTERVAL_QUANTITIES.find((known) => known === name)
    const basis = name === 'powerBasis' ? POWER_BASES.find((known) => known === value) : undefined
    if (quantity && count.safeParse(value).success) whole[quantity] ??= value as number
    else if (basis) whole.powerBasis ??= basis
    else rest[name] = value
  }
  if (Object.keys(rest).length > 0) whole.extra = rest
  return whole as T
}

/** Whose records a batch holds, and under which numbers. */
export const numbersOf = ({
  epoch,
  life,
  after,
  firstSeq,
  oldestSeq,
  gaps,
}: z.infer<typeof IntervalEnvelopeSchema>): Omit<IntervalBatch, 'intervals'> => ({
  epoch,
  ...(life === undefined ? {} : { life }),
  ...(after?.length ? { after } : {}),
  firstSeq,
  oldestSeq,
  ...(gaps ? { gaps } : {}),
})
