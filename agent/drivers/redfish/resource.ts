import { defined } from '../../../protocol/kit/defined.ts'
import { firstOf } from '../../host-power/judge.ts'
import { sumOfSupplies } from '../../host-power/machine-power.ts'
import type { Row } from '../../wire/loose-json/fields.ts'
import { controlPower, powerOfControl } from './controls.ts'
import { UNKNOWN_WHOLE } from './meaning.ts'
import { metricsPower, type RedfishPower } from './power.ts'
import { oemPower, suppliesOn } from './power-page.ts'

/** The power in any one resource: a `Power`, one control of it, metrics of a chassis, supply or PDU, or a Sensor. */
export function powerOf(resource: Row): RedfishPower {
  const { energyJ, ...metrics } = metricsPower(resource)
  const counter = energyJ !== undefined && { energyJ }
  const supplies = sumOfSupplies(suppliesOn(resource, UNKNOWN_WHOLE))
  const control = controlPower(resource, UNKNOWN_WHOLE)
  if (control.unclear !== undefined) return { unclear: control.unclear }
  const measured = firstOf([control, powerOfControl(resource), metrics, oemPower(resource, UNKNOWN_WHOLE)])
  if (measured.powerW !== undefined) return { powerW: measured.powerW, ...counter }
  if (supplies.powerW !== undefined) {
    const { powerW, basis } = supplies
    return { powerW, ...(basis === 'estimated' && { basis }), ...counter }
  }
  const refused = measured.refused ?? supplies.refused
  return { ...(refused !== undefined && { refused }), ...counter }
}

/** The sum of several resources; without a power or a counter where one of them has none. */
export function sumOf(powers: readonly RedfishPower[]): RedfishPower {
  const [first = {}] = powers
  if (powers.length === 1) return first
  const watts = powers.flatMap(({ powerW }) => powerW ?? [])
  const joules = powers.flatMap(({ energyJ }) => energyJ ?? [])
  const total = (values: readonly number[]) =>
    values.length < powers.length ? undefined : values.reduce((sum, value) => sum + value, 0)
  return defined({
    powerW: total(watts),
    energyJ: total(joules),
    basis: powers.some(({ basis }) => basis === 'estimated') ? ('estimated' as const) : undefined,
    refused: firstOf(powers).refused,
    unclear: powers.find(({ unclear }) => unclear !== undefined)?.unclear,
  })
}
