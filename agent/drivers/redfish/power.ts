import { defined } from '../../../protocol/kit/defined.ts'
import type { PowerBasis } from '../../../protocol/sample.ts'
import { JOULES_PER_KWH } from '../../../protocol/units.ts'
import { firstOf, type Judged, judge } from '../../host-power/judge.ts'
import type { Supplies } from '../../host-power/supplies.ts'
import { isRow, nonNegativeOf, type Row, rowOf, textOf } from '../../wire/loose-json/fields.ts'

/** What the supplies of a machine say about a total: what they draw together, and what they are rated for. */
export interface SupplyEvidence {
  supplies?: Supplies
  /** W; absent: not told by all of them */
  ratedW?: number
}

/** A power and energy by one source. The evidence is of the same page. */
export interface RedfishPower extends Judged, SupplyEvidence {
  energyJ?: number
  /** absent: `reported`, the machine's own wall-side sensor */
  basis?: PowerBasis
  /** what is there instead of one power, such as `the powers of several nodes`: a person must choose */
  unclear?: string
  /** what has just changed about what it is made of, so that its figures before were too low */
  changed?: string
}

/** States in which a supply carries nothing or a sensor measures nothing, whatever they still show (DSP2046, Status.State). */
const OFFLINE = /^(absent|unavailableoffline|disabled|standbyoffline)$/i

/** Whether a sensor, a supply or its metrics are in such a state. A StandbySpare draws a little. */
export const isOffline = (resource: Row): boolean =>
  OFFLINE.test(textOf(rowOf(resource['Status']), 'State') ?? '')

/** W and J in the units of a Sensor resource (DSP2046, Sensor, ReadingUnits). */
const WATTS_PER_UNIT: Readonly<Record<string, number>> = { W: 1, kW: 1000, mW: 0.001, MW: 1e6 }
const JOULES_PER_UNIT: Readonly<Record<string, number>> = {
  J: 1,
  kJ: 1000,
  kWh: JOULES_PER_KWH,
  'kW.h': JOULES_PER_KWH,
}

/**
 * The input power and energy in `EnvironmentMetrics`, `PowerSupplyMetrics`, a PDU's metrics, or a plain Sensor resource (DSP2046).
 */
export function metricsPower(resource: Row): RedfishPower {
  const judged = isOffline(resource)
    ? {}
    : firstOf([
        readingOf(resource['PowerWatts']),
        readingOf(resource['InputPowerWatts']),
        sensorPower(resource),
      ])
  return defined({ ...judged, energyJ: energyOf(resource, judged.powerW !== undefined) })
}

/** The reading of a sensor excerpt, such as `PowerWatts`. */
export const readingOf = (sensor: unknown): Judged => (isRow(sensor) ? judge(sensor['Reading']) : {})

/** The power of a plain Sensor resource; nothing for one of another quantity. */
export function sensorPower(resource: Row): Judged {
  const unit = textOf(resource, 'ReadingUnits') ?? (textOf(resource, 'ReadingType') === 'Power' ? 'W' : '')
  const wattsPerUnit = WATTS_PER_UNIT[unit]
  return wattsPerUnit === undefined || isOffline(resource) ? {} : judge(resource['Reading'], wattsPerUnit)
}

/**
 * The energy counter. `LifetimeReading` comes first, because somebody can reset `Reading`. A counter in whole kWh or hundredths stands
 * still for minutes and then jumps, so where the power is known, such a coarse counter is left out and the power is integrated.
 */
function energyOf(resource: Row, hasPower: boolean): number | undefined {
  const joules = counterOf(resource['EnergyJoules'])
  if (joules !== undefined) return joules
  const kWh = counterOf(resource['EnergykWh'])
  if (kWh !== undefined) return hasPower && isCoarse(kWh) ? undefined : kWh * JOULES_PER_KWH
  const joulesPerUnit = JOULES_PER_UNIT[textOf(resource, 'ReadingUnits') ?? '']
  const count = counterOf(resource)
  return joulesPerUnit === undefined || count === undefined ? undefined : count * joulesPerUnit
}

const counterOf = (sensor: unknown): number | undefined =>
  isRow(sensor) ? nonNegativeOf(sensor, 'LifetimeReading', 'Reading') : undefined

/** Whether the value has at most two decimals. */
const isCoarse = (kWh: number): boolean => Math.abs(kWh * 100 - Math.round(kWh * 100)) < 1e-5
