import { TwoWayCounters } from '../../../agent/counting/two-way-counters.ts'
import { DeviceAccumulator } from '../../../agent/metering/accumulator.ts'

const KWH = 3_600_000
const START_MS = 1_790_000_040_000
const held = (stepJ: number) => new TwoWayCounters({ energyJ: stepJ, exportedJ: stepJ })

/** A meter and how it is polled. */
export interface BookedMeter {
  /** the last digit that the driver knows of, and the step in which the counter really moves */
  stepKwh?: number
  pollS?: number
  powerW: (s: number) => number
  /** what the meter shows, by seconds since the start */
  energyKwh: (s: number) => number
  /** seconds at which the agent is started again */
  restartsS?: readonly number[]
  /** whether the meter answers */
  answers?: (s: number) => boolean
}

/** Polls a meter as a driver does, and books it as the agent does: kWh of all its records, and the fault at the end. */
export function booked(
  { stepKwh = 0.001, pollS = 5, powerW, energyKwh, restartsS = [], answers = () => true }: BookedMeter,
  seconds: number,
) {
  let counter = held(stepKwh * KWH)
  let device = new DeviceAccumulator('meter-1', 120_000)
  const restarts = [...restartsS]
  let milliJ = 0
  let fault: string | undefined
  let polls = 0
  for (let s = 0; s <= seconds; s += pollS) {
    if (restarts[0] !== undefined && s >= restarts[0]) {
      restarts.shift()
      counter = held(stepKwh * KWH)
      device = new DeviceAccumulator('meter-1', 120_000, JSON.parse(JSON.stringify(device.state)))
    }
    if (!answers(s)) continue
    const powerNowW = powerW(s)
    const { counters, faults } = counter.read({ energyJ: energyKwh(s) * KWH, powerW: powerNowW }, s * 1000)
    fault = faults[0]
    device.observe(
      {
        identity: { kind: 'meter' },
        sample: { state: 'ok', powerW: powerNowW, powerBasis: 'metered' },
        ...(counters && { counters }),
      },
      { wallMs: START_MS + s * 1000, steadyMs: s * 1000 },
    )
    if (++polls % 100 === 0) take(device.close(START_MS + s * 1000))
  }
  take(device.closeAll())
  return { kwh: milliJ / 1000 / KWH, fault }

  function take(records: ReturnType<DeviceAccumulator['close']>) {
    for (const { energyMilliJ = 0 } of records) {
      milliJ += energyMilliJ
    }
  }
}
