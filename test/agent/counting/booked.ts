import { type KnownCounters, TwoWayCounters } from '../../../agent/counting/two-way-counters.ts'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'

const KWH = 3_600_000
const START_MS = 1_790_000_040_000
const held = (stepJ: number, known?: KnownCounters) =>
  new TwoWayCounters({ energyJ: stepJ, exportedJ: stepJ }, known)

/** A meter and how it is polled. */
export interface BookedMeter {
  /** the last digit that the driver knows of, and the step in which the counter really moves */
  stepKwh?: number
  pollS?: number
  powerW: (s: number) => number
  /** what the meter shows, by seconds since the start; absent: it has no such counter */
  energyKwh?: ((s: number) => number) | undefined
  exportedKwh?: ((s: number) => number) | undefined
  /** seconds at which the agent is started again */
  restartsS?: readonly number[]
  /** whether the meter answers */
  answers?: (s: number) => boolean
}

/** Polls a meter as a driver does, and books it as the agent does: kWh of all its records, the fault at the end, and all faults. */
export function booked(
  {
    stepKwh = 0.001,
    pollS = 5,
    powerW,
    energyKwh,
    exportedKwh,
    restartsS = [],
    answers = () => true,
  }: BookedMeter,
  seconds: number,
) {
  let counter = held(stepKwh * KWH)
  // as the agent's: two polls in a row may fail without a gap
  const maxGapMs = Math.max(120_000, 3 * pollS * 1000)
  let device = new DeviceAccumulator('meter-1', maxGapMs)
  const restarts = [...restartsS]
  const inJ = (kwh: number | undefined) => (kwh === undefined ? undefined : kwh * KWH)
  const counted = (s: number) => ({ energyJ: inJ(energyKwh?.(s)), exportedJ: inJ(exportedKwh?.(s)) })
  let milliJ = 0
  let outMilliJ = 0
  const allFaults = new Set<string>()
  let fault: string | undefined
  let polls = 0
  for (let s = 0; s <= seconds; s += pollS) {
    if (restarts[0] !== undefined && s >= restarts[0]) {
      restarts.shift()
      // as the checkpoint keeps it
      counter = held(stepKwh * KWH, counter.known && JSON.parse(JSON.stringify(counter.known)))
      device = new DeviceAccumulator('meter-1', maxGapMs, JSON.parse(JSON.stringify(device.state)))
    }
    if (!answers(s)) continue
    const told = counter.read({ ...counted(s), powerW: powerW(s) }, s * 1000)
    const { counters, faults } = told
    fault = faults[0]
    for (const told of faults) allFaults.add(told)
    device.observe(
      {
        identity: { kind: 'meter' },
        sample: {
          state: 'ok',
          ...(told.powerW !== undefined && { powerW: told.powerW, powerBasis: 'metered' }),
        },
        ...(counters && { counters }),
      },
      { wallMs: START_MS + s * 1000, steadyMs: s * 1000 },
    )
    if (++polls % 100 === 0) take(device.close(START_MS + s * 1000))
  }
  take(device.closeAll())
  return { kwh: milliJ / 1000 / KWH, outKwh: outMilliJ / 1000 / KWH, fault, faults: [...allFaults] }

  function take(records: ReturnType<DeviceAccumulator['close']>) {
    for (const { energyMilliJ = 0, exportedMilliJ = 0 } of records) {
      milliJ += energyMilliJ
      outMilliJ += exportedMilliJ
    }
  }
}
