import { INTERVAL_QUANTITIES, type Interval, type IntervalQuantity } from '../../protocol/interval.ts'

/** What machines count, whatever the agent observes. Energy is counted by some, and integrated from power for the others. */
const COUNTED: readonly IntervalQuantity[] = ['workDiff1', 'tokensIn', 'tokensInCached', 'tokensOut']
const WITH_ENERGY: readonly IntervalQuantity[] = [...COUNTED, 'energyMilliJ', 'exportedMilliJ']

type Amounts = Partial<Record<IntervalQuantity, number>>

/**
 * What is open after an agent's spool went back, or was exchanged: two of its lives recorded one time. Kept as JSON with the mark, so its
 * property names are an on-disk format.
 */
export interface OverlapState {
  kind: 'went-back' | 'another-spool'
  /** start of the newest record that the earlier life had stored, Unix ms; absent: not known */
  sinceMs?: number
  /** when the present life began; the earlier one recorded nothing later */
  beganMs: number
  /** records that start after this are the present life's alone, Unix ms */
  untilMs: number
  /** by device: what is stored of the common time, less the growth of counters that the present life recovered of it */
  ahead: Record<string, Amounts>
  /** by device: what is stored of minutes that both lives observed, less what the present life saw: they read at other moments */
  drift: Record<string, Amounts>
  /** by device: what is stored of the last minute of which the present life recovered a part */
  last: Record<string, Amounts>
  /** by device: the most that either life had in one common minute */
  most: Record<string, Amounts>
  /** devices with an energy counter: they have recovered energy of a minute that nothing observed */
  metered: string[]
  /** by device: starts of the stored records of the newest common minute, Unix ms: they are in the sums above */
  counted: Record<string, number[]>
  /** devices that the present life has observed, so that the end of their gap is known */
  seen: string[]
  /** whether a loss has told of it */
  told?: true
  /** sequence number up to which it stands */
  seq?: number
}

/**
 * The present life has observed the device again. What is left open of its counters' growth is what the two lives saw of the last minute at
 * other moments; where it is more than that minute has, a counter began again, and what is stored was no part of the growth.
 */
export function endRecovery(state: OverlapState, deviceId: string): void {
  const { ahead, drift, last } = state
  const left = ahead[deviceId]
  if (!left) return
  const device = drift[deviceId] ?? {}
  for (const name of countedBy(deviceId, state)) {
    const amount = left[name] ?? 0
    if (amount !== 0 && Math.abs(amount) <= (last[deviceId]?.[name] ?? 0))
      device[name] = (device[name] ?? 0) + amount
  }
  drift[deviceId] = device
  delete ahead[deviceId]
  delete last[deviceId]
}

export function noteMost({ most }: OverlapState, deviceId: string, minutes: readonly Amounts[]): void {
  const device = most[deviceId] ?? {}
  most[deviceId] = device
  for (const minute of minutes)
    for (const name of INTERVAL_QUANTITIES) device[name] = Math.max(device[name] ?? 0, minute[name] ?? 0)
}

/** Two who read at other moments differ by a share or two. More than two of the largest minutes is no such difference: one counts what the other can't. */
export function dropBeyond(drift: Amounts, most: Amounts): void {
  for (const name of INTERVAL_QUANTITIES)
    if (Math.abs(drift[name] ?? 0) > 2 * (most[name] ?? 0)) drift[name] = 0
}

/** A record without what is stored already of its counters' growth. */
export function reduced(record: Interval, state: OverlapState): Interval {
  const { deviceId } = record
  const less = { ...record }
  const names = countedBy(deviceId, state)
  if (record.recovered) takeFrom(less, state.ahead[deviceId], names)
  takeFrom(less, state.drift[deviceId], names)
  return less
}

const countedBy = (deviceId: string, { metered }: OverlapState): readonly IntervalQuantity[] =>
  metered.includes(deviceId) ? WITH_ENERGY : COUNTED

export function noteMetered({ metered }: OverlapState, records: readonly Interval[]): void {
  for (const { deviceId, recovered, coveredMs, energyMilliJ = 0, exportedMilliJ = 0 } of records)
    if (recovered && coveredMs === 0 && energyMilliJ + exportedMilliJ > 0 && !metered.includes(deviceId))
      metered.push(deviceId)
}

/** Takes what is open from the record's amounts, as far as they go; adds it where it is negative. */
function takeFrom(record: Interval, open: Amounts | undefined, names: readonly IntervalQuantity[]): void {
  if (!open) return
  for (const name of names) {
    const amount = record[name]
    const left = open[name] ?? 0
    if (amount === undefined || left === 0) continue
    const taken = Math.min(amount, left)
    record[name] = amount - taken
    open[name] = left - taken
  }
}

export function addTo(amounts: Amounts, r: Interval, sign: 1 | -1): void {
  for (const name of INTERVAL_QUANTITIES) if (r[name]) addAmount(amounts, name, sign * r[name])
}

export function addAmount(amounts: Amounts, name: IntervalQuantity, amount: number): void {
  amounts[name] = (amounts[name] ?? 0) + amount
}

export function sumOf(records: readonly Interval[]): Amounts {
  const sum: Amounts = {}
  for (const r of records)
    for (const name of INTERVAL_QUANTITIES) if (r[name] !== undefined) addAmount(sum, name, r[name])
  return sum
}
