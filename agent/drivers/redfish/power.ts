import { defined } from '../../../protocol/kit/defined.ts'
import { JOULES_PER_KWH } from '../../../protocol/units.ts'
import { isRow, nonNegativeOf, positiveOf, type Row, rowsOf } from '../../wire/loose-json/fields.ts'

/** What a resource says of the power that goes into a machine. */
export interface RedfishPower {
  powerW?: number
  energyJ?: number
}

/** An average over more minutes is of another time than now. */
const LONGEST_AVERAGE_MIN = 1

/**
 * The power in a `Power` resource (DSP2046, deprecated, and what most BMCs have), in `EnvironmentMetrics`, in
 * `PowerSupplyMetrics`, or in a PDU's metrics. What supplies put out is never taken for what goes in: their loss is missing.
 */
export function powerOf(resource: Row): RedfishPower {
  const powerW =
    powerControlW(resource) ?? sensorOf(resource, 'PowerWatts') ?? sensorOf(resource, 'InputPowerWatts')
  return defined({ powerW, energyJ: energyOf(resource, powerW !== undefined) })
}

/**
 * The first control is the whole machine; others are parts of it (Lenovo lists CPUs and memory after it). Cisco's is one
 * object with numbers as texts. A machine that draws 0 W doesn't answer: it is the word for "no sensor".
 */
function powerControlW(resource: Row): number | undefined {
  for (const control of rowsOf(resource, 'PowerControl')) {
    const now = positiveOf(control, 'PowerConsumedWatts')
    if (now !== undefined) return now
    const [metrics] = [...rowsOf(control, 'PowerMetrics'), ...rowsOf(control, 'PowerMetric')]
    const minutes = nonNegativeOf(metrics, 'IntervalInMin')
    if (minutes !== undefined && minutes <= LONGEST_AVERAGE_MIN) {
      const average = positiveOf(metrics, 'AverageConsumedWatts')
      if (average !== undefined) return average
    }
  }
  return undefined
}

const sensorOf = (resource: Row, name: string): number | undefined => {
  const sensor = resource[name]
  return isRow(sensor) ? positiveOf(sensor, 'Reading') : undefined
}

/**
 * `LifetimeReading` goes on where somebody resets `Reading`. A counter of whole kWh, or hundredths, stands still for minutes
 * and then jumps: where there are watts, they say better when that was.
 */
function energyOf(resource: Row, hasPower: boolean): number | undefined {
  const joules = counterOf(resource, 'EnergyJoules')
  if (joules !== undefined) return joules
  const kWh = counterOf(resource, 'EnergykWh')
  if (kWh === undefined || (hasPower && isCoarse(kWh))) return undefined
  return kWh * JOULES_PER_KWH
}

const counterOf = (resource: Row, name: string): number | undefined => {
  const sensor = resource[name]
  return isRow(sensor) ? nonNegativeOf(sensor, 'LifetimeReading', 'Reading') : undefined
}

/** Whether nothing stands behind the second decimal. */
const isCoarse = (kWh: number): boolean => Math.abs(kWh * 100 - Math.round(kWh * 100)) < 1e-5
