import type { Device } from '../../protocol/device.ts'
import { intervalKey } from '../../protocol/interval.ts'
import { HOUR_MS, MILLIJOULES_PER_KWH, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import { devicesAt, type KnownDevices } from '../economics/settlement/settle.ts'
import { ENERGY_ALONE, GPU_TWICE, type HeldMark } from '../plugin/held.ts'
import { ALL_HELD } from '../plugin/held-store.ts'
import type { Store } from '../plugin/store.ts'
import { BehindMeter } from './behind-site.ts'

/** A device is doubtful from this many times its meter's energy, over an hour, and a kWh on top: a counter's step. */
const ABOVE_METER = 2
const STEP_MILLI_J = MILLIJOULES_PER_KWH
/** A meter is doubtful where the devices that are set behind it tell so many times its energy over an hour, and a kWh on top. */
const ABOVE_SUM = 1.25

/** Who else holds records while their minute is settled. */
export interface FurtherDoubts {
  /** @param records of the minute, those that count */
  doubts?(minuteMs: number, records: readonly AgentInterval[]): HeldMark[]
}

interface Minute {
  ownMilliJ: number
  meterMilliJ: number
  behindMilliJ: number
}

/** A device and the meter above it. */
interface Pair {
  record: AgentInterval
  meterId: string
}

/**
 * Records of a minute whose device, or meter, tells more energy than the meter above it. Their energy alone is in doubt. Only one without a rating is held against its
 * meter: where its rating allows the energy, the meter may be wrong, and the rule `meters-disagree` tells it. So it is where what stands
 * behind a meter bears it out. Rejects where the store fails.
 */
async function meterDoubts(
  minuteMs: number,
  records: readonly AgentInterval[],
  devices: KnownDevices,
  { store, nowMs }: { store: Pick<Store, 'intervals'>; nowMs: () => number },
): Promise<HeldMark[]> {
  const suspects = suspectsOf(records, devices)
  const isSuspect = new Set(suspects.map(({ record }) => nameOf(record)))
  const below = metersBelow(records, devices, isSuspect)
  if (suspects.length === 0 && below.length === 0) return []
  const hour = await store.intervals(minuteMs + MINUTE_MS - HOUR_MS, minuteMs + MINUTE_MS)
  const others = hour.filter((record) => !isSuspect.has(nameOf(record)))
  const short = below.flatMap((record) => shortMeter(others, record, devices, nowMs()))
  const found = suspects.flatMap(({ record, meterId }): HeldMark[] => {
    const { agentId, deviceId, owner, startMs } = record
    const { ownMilliJ, meterMilliJ, behindMilliJ } = together(hour, record, meterId, devices)
    // a counter that stands still tells nothing
    if (meterMilliJ === 0 || ownMilliJ <= ABOVE_METER * meterMilliJ + STEP_MILLI_J) return []
    if (behindMilliJ > 0 && ownMilliJ <= ABOVE_METER * behindMilliJ + STEP_MILLI_J) return []
    return [
      {
        agentId,
        deviceId,
        owner,
        startMs,
        kind: 'doubt',
        check: ENERGY_ALONE,
        reason: `${agentId}, ${deviceId}: it tells ${kwh(ownMilliJ)} kWh in an hour in which the meter above it, ${meterId}, tells ${kwh(meterMilliJ)} kWh; look at both, or set ratedPowerW`,
        heldMs: nowMs(),
      },
    ]
  })
  return [...found, ...short]
}

/** Records of meters that show less in this minute than what is set behind them, but for devices that are suspect themselves, and no generation. */
function metersBelow(
  records: readonly AgentInterval[],
  devices: KnownDevices,
  isSuspect: ReadonlySet<string>,
): AgentInterval[] {
  const { device } = devices
  const behind = new Map<string, BehindMeter>()
  for (const record of records) {
    const known = device(record.agentId, record.deviceId)
    if (known?.meteredBy === undefined || isSuspect.has(nameOf(record))) continue
    const sum = behind.get(known.meteredBy) ?? new BehindMeter()
    behind.set(known.meteredBy, sum)
    sum.add(known, record.energyMilliJ ?? 0)
  }
  if (behind.size === 0) return []
  const below = records.filter(
    ({ agentId, deviceId, energyMilliJ, exportedMilliJ }) =>
      energyMilliJ !== undefined &&
      !exportedMilliJ &&
      (behind.get(deviceId)?.leastMilliJ ?? 0) > ABOVE_SUM * energyMilliJ &&
      device(agentId, deviceId)?.kind === 'meter',
  )
  if (below.length === 0) return []
  const generating = generatingMeters(devices)
  return below.filter(({ deviceId }) => !generating.has(deviceId))
}

/**
 * A meter that shows less than the devices behind it would credit the difference: its records of the hour are held, but for the minutes
 * in which it shows what they do.
 */
function shortMeter(
  hour: readonly AgentInterval[],
  { agentId, deviceId }: AgentInterval,
  devices: KnownDevices,
  heldMs: number,
): HeldMark[] {
  const minutes = new Map<number, { records: AgentInterval[]; own: number; behind: BehindMeter }>()
  for (const other of hour) {
    if (other.energyMilliJ === undefined) continue
    const isOwn = other.deviceId === deviceId && other.agentId === agentId
    const known = deviceOf(other, devices)
    if (!isOwn && known?.meteredBy !== deviceId) continue
    const minute = minutes.get(minuteOf(other.startMs)) ?? { records: [], own: 0, behind: new BehindMeter() }
    minutes.set(minuteOf(other.startMs), minute)
    if (isOwn) minute.records.push(other)
    if (isOwn) minute.own += other.energyMilliJ
    else if (known) minute.behind.add(known, other.energyMilliJ)
  }
  const both = [...minutes.values()].filter(({ records }) => records.length > 0)
  const own = both.reduce((sum, minute) => sum + minute.own, 0)
  const behind = both.reduce((sum, minute) => sum + minute.behind.leastMilliJ, 0)
  if (behind <= ABOVE_SUM * own + STEP_MILLI_J) return []
  const reason = `${agentId}, ${deviceId}: it tells ${kwh(own)} kWh in an hour in which the devices behind it tell ${kwh(behind)} kWh; look at its ratio, or correct meteredBy`
  return both
    .filter((minute) => minute.behind.leastMilliJ > ABOVE_SUM * minute.own)
    .flatMap(({ records }) => records)
    .map(({ owner, startMs }) => ({
      agentId,
      deviceId,
      owner,
      startMs,
      kind: 'doubt',
      check: ENERGY_ALONE,
      reason,
      heldMs,
    }))
}

/** A record's device, as it stood in its minute. */
const deviceOf = ({ agentId, deviceId, startMs }: AgentInterval, devices: KnownDevices): Device | undefined =>
  (devices.at?.(minuteOf(startMs)) ?? devices).device(agentId, deviceId)

const nameOf = ({ agentId, deviceId }: AgentInterval): string => `${agentId}\n${deviceId}`
const kwh = (milliJ: number): string => (milliJ / MILLIJOULES_PER_KWH).toFixed(2)

/** Every meter above a device that generates power, on all levels. A loop of `meteredBy` ends at the first meter that it reaches twice. */
function generatingMeters({ find, all }: KnownDevices): Set<string> {
  const generating = new Set<string>()
  for (const { generates, meteredBy } of all?.() ?? [])
    for (let above = generates && meteredBy; above && !generating.has(above); above = find(above)?.meteredBy)
      generating.add(above)
  return generating
}

/**
 * Holds records that their meter contradicts, or others that count in their minute, but for those that a person accepted, whatever they had been held for. Rejects where the
 * store fails.
 * @param kept records by minute
 * @returns the minutes of what is held, which may be earlier ones too
 */
export async function holdDoubtful(
  kept: ReadonlyMap<number, readonly AgentInterval[]>,
  devices: KnownDevices,
  {
    store,
    nowMs,
    ...further
  }: { store: Pick<Store, 'intervals' | 'held' | 'hold'>; nowMs: () => number } & FurtherDoubts,
): Promise<ReadonlySet<number>> {
  const found: HeldMark[] = []
  for (const [minute, records] of kept) {
    found.push(...(await meterDoubts(minute, records, devicesAt(devices, minute), { store, nowMs })))
    found.push(...(further.doubts?.(minute, records) ?? []))
  }
  const marks = await undecided(store, found)
  if (marks.length > 0) await store.hold(marks)
  return new Set(marks.map(({ startMs }) => minuteOf(startMs)))
}

/** Those whose record no person has accepted as doubtful: one decision covers a record. A claim that was adopted says only whose it is, a record
 * that was taken in only when it was. */
async function undecided(
  store: Pick<Store, 'held'>,
  marks: readonly HeldMark[],
): Promise<readonly HeldMark[]> {
  if (marks.length === 0) return marks
  const starts = marks.map((mark) => mark.startMs)
  const accepted = await store.held(
    {
      kinds: ['doubt'],
      state: 'accepted',
      agents: [...new Set(marks.map((mark) => mark.agentId))],
      devices: [...new Set(marks.map((mark) => mark.deviceId))],
      fromMs: starts.reduce((a, b) => Math.min(a, b)),
      toMs: starts.reduce((a, b) => Math.max(a, b)) + 1,
    },
    ALL_HELD,
  )
  const decided = new Set(accepted.map(({ record }) => `${record.agentId}|${intervalKey(record)}`))
  // that a record can be true does not make it paid twice
  return marks.filter(
    (mark) => mark.check === GPU_TWICE || !decided.has(`${mark.agentId}|${intervalKey(mark)}`),
  )
}

const isRated = ({ ratedPowerW, modelPowerW }: Device): boolean =>
  ratedPowerW !== undefined || modelPowerW !== undefined

/** Devices that tell more than their meter in this minute. */
function suspectsOf(records: readonly AgentInterval[], devices: KnownDevices): Pair[] {
  const { device, find } = devices
  const pairs: Pair[] = []
  for (const record of records) {
    const known = device(record.agentId, record.deviceId)
    if (!known?.meteredBy || known.generates || !record.energyMilliJ || isRated(known)) continue
    pairs.push({ record, meterId: known.meteredBy })
  }
  if (pairs.length === 0) return []
  const meters = new Map<string, number>()
  // what is generated behind a meter is used behind it too
  for (const { deviceId, energyMilliJ, exportedMilliJ } of records)
    if (energyMilliJ !== undefined && !exportedMilliJ)
      meters.set(deviceId, (meters.get(deviceId) ?? 0) + energyMilliJ)
  const generating = generatingMeters(devices)
  const own = new Map<string, number>()
  for (const { record } of pairs)
    own.set(nameOf(record), (own.get(nameOf(record)) ?? 0) + (record.energyMilliJ ?? 0))
  return pairs.filter(({ record, meterId }) => {
    const meter = meters.get(meterId)
    return (
      meter !== undefined &&
      !generating.has(meterId) &&
      find(meterId)?.kind === 'meter' &&
      (own.get(nameOf(record)) ?? 0) > ABOVE_METER * meter
    )
  })
}

/**
 * Energy of a device and of its meter in the minutes for which both have records, and of what is behind the device, if it is a meter,
 * in these minutes.
 */
function together(
  hour: readonly AgentInterval[],
  { agentId, deviceId }: AgentInterval,
  meterId: string,
  devices: KnownDevices,
): Minute {
  const isMeter = devices.device(agentId, deviceId)?.kind === 'meter'
  const minutes = new Map<number, Partial<Minute>>()
  for (const record of hour) {
    if (record.energyMilliJ === undefined) continue
    const name =
      record.deviceId === deviceId && record.agentId === agentId
        ? 'ownMilliJ'
        : record.deviceId === meterId
          ? 'meterMilliJ'
          : isMeter && deviceOf(record, devices)?.meteredBy === deviceId
            ? 'behindMilliJ'
            : undefined
    if (!name) continue
    const minute = minutes.get(minuteOf(record.startMs)) ?? {}
    minutes.set(minuteOf(record.startMs), minute)
    minute[name] = (minute[name] ?? 0) + record.energyMilliJ
  }
  const sum: Minute = { ownMilliJ: 0, meterMilliJ: 0, behindMilliJ: 0 }
  for (const { ownMilliJ, meterMilliJ, behindMilliJ = 0 } of minutes.values()) {
    if (ownMilliJ === undefined || meterMilliJ === undefined) continue
    sum.ownMilliJ += ownMilliJ
    sum.meterMilliJ += meterMilliJ
    sum.behindMilliJ += behindMilliJ
  }
  return sum
}
