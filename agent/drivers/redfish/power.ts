import { defined } from '../../../protocol/kit/defined.ts'
import { JOULES_PER_KWH } from '../../../protocol/units.ts'
import { isRow, nonNegativeOf, positiveOf, type Row, rowsOf } from '../../wire/loose-json/fields.ts'

/** A machine's input power and energy, by one Redfish resource. */
export interface RedfishPower {
  powerW?: number
  energyJ?: number
}

/** An average over a longer time says too little about now. */
const LONGEST_AVERAGE_MIN = 1

/**
 * The input power in a `Power` resource (DSP2046; deprecated, but most BMCs have it), `EnvironmentMetrics`, `PowerSupplyMetrics` or a
 * PDU's metrics. The output power of supplies is never used, because it lacks their losses.
 */
export function powerOf(resource: Row): RedfishPower {
  const powerW =
    powerControlW(resource) ?? sensorOf(resource, 'PowerWatts') ?? sensorOf(resource, 'InputPowerWatts')
  return defined({ powerW, energyJ: energyOf(resource, powerW !== undefined) })
}

/**
 * The power of the first control that has one, which is the whole machine; Lenovo lists CPUs and memory after it. Cisco writes a
 * single object instead of a list, and numbers as texts. 0 W means "no sensor", because a machine that answers draws power.
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
 * The energy counter. `LifetimeReading` comes first, because somebody can reset `Reading`. A counter in whole kWh or hundredths stands
 * still for minutes and then jumps, so where the power is known, such a coarse counter is left out and the power is integrated.
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

/** Whether the value has at most two decimals. */
const isCoarse = (kWh: number): boolean => Math.abs(kWh * 100 - Math.round(kWh * 100)) < 1e-5
