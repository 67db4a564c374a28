import { firstOf } from '../../host-power/judge.ts'
import { sumOfSupplies } from '../../host-power/machine-power.ts'
import type { Row } from '../../wire/loose-json/fields.ts'
import { metricsPower, type RedfishPower } from './power.ts'
import { controlPower, oemPower, suppliesOn } from './power-page.ts'

/** The power in any one resource: a `Power`, metrics of a chassis, supply or PDU, or a Sensor. */
export function powerOf(resource: Row): RedfishPower {
  const { energyJ, ...metrics } = metricsPower(resource)
  const counter = energyJ !== undefined && { energyJ }
  const supplies = sumOfSupplies(suppliesOn(resource))
  const measured = firstOf([controlPower(resource, undefined), metrics, oemPower(resource)])
  if (measured.powerW !== undefined) return { powerW: measured.powerW, ...counter }
  if (supplies.powerW !== undefined) {
    const { powerW, basis } = supplies
    return { powerW, ...(basis === 'estimated' && { basis }), ...counter }
  }
  const refused = measured.refused ?? supplies.refused
  return { ...(refused !== undefined && { refused }), ...counter }
}
