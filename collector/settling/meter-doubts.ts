import type { Device } from '../../protocol/device.ts'
import { HOUR_MS, MILLIJOULES_PER_KWH, MINUTE_MS, minuteOf } from '../../protocol/units.ts'
import type { AgentInterval } from '../economics/ledger-row.ts'
import type { KnownDevices } from '../economics/settlement/settle.ts'
import type { HeldMark } from '../plugin/held.ts'
import type { Store } from '../plugin/store.ts'

/** A device is doubtful from this many times its meter's energy, over an hour, and a kWh on top: a counter's step. */
const ABOVE_METER = 2
const STEP_MILLI_J = MILLIJOULES_PER_KWH

/** A device and the meter above it. */
interface Pair {
  record: AgentInterval
  meterId: string
}

/**
 * Records of a minute whose device tells more energy than the meter above it. Only a device without a rating is held against its
 * meter: where its rating allows the energy, the meter may be wrong, and the rule `meters-disagree` tells it. Rejects where the store fails.
 */
export async function meterDoubts(
  minuteMs: number,
  records: readonly AgentInterval[],
  devices: KnownDevices,
  { store, nowMs }: { store: Pick<Store, 'intervals'>; nowMs: () => number },
): Promise<HeldMark[]> {
  const suspects = suspectsOf(records, devices)
  if (suspects.length === 0) return []
  const hour = await store.intervals(minuteMs + MINUTE_MS - HOUR_MS, minuteMs + MINUTE_MS)
  return suspects.flatMap(({ record, meterId }): HeldMark[] => {
    const { agentId, deviceId, owner, startMs } = record
    const { ownMilliJ, meterMilliJ } = together(hour, record, meterId)
    // a counter that stands still tells nothing
    if (meterMilliJ === 0 || ownMilliJ <= ABOVE_METER * meterMilliJ + STEP_MILLI_J) return []
    const kwh = (milliJ: number) => (milliJ / MILLIJOULES_PER_KWH).toFixed(2)
    return [
      {
        agentId,
        deviceId,
        owner,
        startMs,
        kind: 'doubt',
        check: 'meter',
        reason: `${agentId}, ${deviceId}: it tells ${kwh(ownMilliJ)} kWh in an hour in which the meter above it, ${meterId}, tells ${kwh(meterMilliJ)} kWh; look at both, or set ratedPowerW`,
        heldMs: nowMs(),
      },
    ]
  })
}

const isRated = ({ ratedPowerW, modelPowerW }: Device): boolean =>
  ratedPowerW !== undefined || modelPowerW !== undefined

/** Devices that tell more than their meter in this minute. */
function suspectsOf(records: readonly AgentInterval[], { device, find, all }: KnownDevices): Pair[] {
  const pairs: Pair[] = []
  for (const record of records) {
    const known = device(record.agentId, record.deviceId)
    if (!known?.meteredBy || known.kind === 'meter' || !record.energyMilliJ || isRated(known)) continue
    pairs.push({ record, meterId: known.meteredBy })
  }
  if (pairs.length === 0) return []
  const meters = new Map<string, number>()
  // what is generated behind a meter is used behind it too
  for (const { deviceId, energyMilliJ, exportedMilliJ } of records)
    if (energyMilliJ !== undefined && !exportedMilliJ)
      meters.set(deviceId, (meters.get(deviceId) ?? 0) + energyMilliJ)
  const generating = new Set<string>()
  for (const { generates, meteredBy } of all?.() ?? []) if (generates && meteredBy) generating.add(meteredBy)
  const own = new Map<string, number>()
  const key = ({ agentId, deviceId }: AgentInterval) => `${agentId}\n${deviceId}`
  for (const { record } of pairs)
    own.set(key(record), (own.get(key(record)) ?? 0) + (record.energyMilliJ ?? 0))
  return pairs.filter(({ record, meterId }) => {
    const meter = meters.get(meterId)
    return (
      meter !== undefined &&
      !generating.has(meterId) &&
      find(meterId)?.kind === 'meter' &&
      (own.get(key(record)) ?? 0) > ABOVE_METER * meter
    )
  })
}

/** Energy of a device and of its meter in the minutes for which both have records. */
function together(
  hour: readonly AgentInterval[],
  { agentId, deviceId }: AgentInterval,
  meterId: string,
): { ownMilliJ: number; meterMilliJ: number } {
  const minutes = new Map<number, { own?: number; meter?: number }>()
  for (const record of hour) {
    const isOwn = record.deviceId === deviceId && record.agentId === agentId
    if ((!isOwn && record.deviceId !== meterId) || record.energyMilliJ === undefined) continue
    const minute = minutes.get(minuteOf(record.startMs)) ?? {}
    minutes.set(minuteOf(record.startMs), minute)
    const name = isOwn ? 'own' : 'meter'
    minute[name] = (minute[name] ?? 0) + record.energyMilliJ
  }
  let [ownMilliJ, meterMilliJ] = [0, 0]
  for (const { own, meter } of minutes.values()) {
    if (own === undefined || meter === undefined) continue
    ownMilliJ += own
    meterMilliJ += meter
  }
  return { ownMilliJ, meterMilliJ }
}
