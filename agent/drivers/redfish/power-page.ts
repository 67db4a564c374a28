import { defined } from '../../../protocol/kit/defined.ts'
import type { FittedParts } from '../../host-power/fitted-parts.ts'
import type { Evidence } from '../../host-power/held-against.ts'
import { firstOf, type Judged, judge } from '../../host-power/judge.ts'
import {
  carriedW,
  type MachinePower,
  type SupplyPower,
  sumOfSupplies,
} from '../../host-power/machine-power.ts'
import { efficiencyOf, heldSupplies, ofListed, suppliesTogether } from '../../host-power/supplies.ts'
import {
  numberOf,
  positiveOf,
  type Row,
  rowOf,
  rowsOf,
  textOf,
  valueAt,
} from '../../wire/loose-json/fields.ts'
import { controlsOf } from './controls.ts'
import { feedsOthers, type Whole } from './meaning.ts'
import { isOffline, type RedfishPower, type SupplyEvidence } from './power.ts'

/**
 * The whole machine's power where a maker has it in its own place: in the page, or in its control. Fujitsu's BMC of a node shows the
 * chassis of all nodes beside it, which then never counts.
 */
export const oemPower = (page: Row, whole: Whole): Judged =>
  firstOf([page, ...controlsOf(page, whole)].map(oemPowerOf))

function oemPowerOf(row: Row): Judged {
  const fujitsu = (name: string) => valueAt(row, 'Oem', 'ts_fujitsu', name, 'CurrentPowerConsumptionW')
  const node = valueAt(row, 'Oem', 'ts_fujitsu', 'NodePowerConsumption')
  return firstOf([
    // Fujitsu iRMC S5 and S6
    judge(fujitsu(node === undefined ? 'ChassisPowerConsumption' : 'NodePowerConsumption')),
    // Inspur ISBMC, beside CurrentCPUPowerWatts and the like
    judge(valueAt(row, 'Oem', 'Public', 'TotalPower')),
  ])
}

/** The machine's supplies that a `Power` resource lists; one that is absent or offline says nothing. */
export const suppliesOn = (page: Row, whole: Whole): SupplyPower[] =>
  heldSupplies(
    rowsOf(page, 'PowerSupplies')
      .filter((supply) => !feedsOthers(supply, whole))
      .map(supplyPower),
  ).supplies

/** The sum of those supplies; refused where one of them is no longer in the list. @param fitted those of this resource so far */
export function sumOn(
  page: Row,
  whole: Whole,
  fitted: FittedParts,
): MachinePower & Pick<RedfishPower, 'changed'> {
  const rows = rowsOf(page, 'PowerSupplies').filter((supply) => !feedsOthers(supply, whole))
  const supplies = rows.map((row, i) => ({
    name: textOf(row, '@odata.id', 'MemberId') ?? `${i}`,
    power: supplyPower(row),
    rests: restsByItself(row),
  }))
  const held = heldSupplies(supplies.map(({ power }) => power))
  const sum = fitted.take(sumOfSupplies(held.supplies), {
    watts: new Map(supplies.map(({ name }, i) => [name, carriedW(held.supplies[i] ?? NOTHING)])),
    resting: new Set(supplies.flatMap(({ name, rests }) => (rests ? [name] : []))),
  })
  return held.wrong === undefined ? sum : { ...sum, changed: held.wrong }
}

const NOTHING: SupplyPower = { input: {}, output: {} }

/** What the supplies of a `Power` resource say about the figure of its control: what they draw together, and what they are rated for. */
export function evidenceOn(page: Row, whole: Whole): Evidence {
  const supplies = rowsOf(page, 'PowerSupplies').filter((supply) => !feedsOthers(supply, whole))
  const { powerW } = sumOfSupplies(heldSupplies(supplies.map(supplyPower)).supplies)
  return defined({
    other: powerW === undefined ? undefined : { powerW, name: 'its supplies' },
    ratedW: ratingOf(supplies.filter((supply) => !isOffline(supply))),
  })
}

/** W that supplies are rated for together; undefined where one of them does not tell it, or there is none. */
export function ratingOf(supplies: readonly Row[]): number | undefined {
  const ratings = supplies.map((supply) => positiveOf(supply, 'PowerCapacityWatts'))
  const isRated = ratings.length > 0 && ratings.every((rating) => rating !== undefined)
  return isRated ? ratings.reduce<number>((sum, rating = 0) => sum + rating, 0) : undefined
}

/** What the machine's own supplies on a `Power` resource say about any total of it. */
export function suppliesEvidenceOn(page: Row, whole: Whole): SupplyEvidence {
  const { ratedW } = evidenceOn(page, whole)
  const capacities = controlsOf(page, whole).map((control) => positiveOf(control, 'PowerCapacityWatts') ?? 0)
  const capacityW = Math.max(0, ...capacities)
  return defined({
    supplies: ofListed(suppliesTogether(suppliesOn(page, whole)), { capacityW, ratedW }),
    ratedW: ratedW === undefined ? undefined : Math.max(ratedW, capacityW),
  })
}

/**
 * Whether something that should show a power is on, and shows none: not even 0 W.
 * @param states the resources whose Status counts
 */
export function isSilent(states: readonly Row[], values: readonly unknown[]): boolean {
  if (values.some((value) => numberOf(value) === 0)) return false
  const isUnknown = values.some((value) => typeof value === 'string' && /^\s*unknown\s*$/i.test(value))
  return isUnknown || states.some(isEnabled)
}

const stateOf = (row: Row): string | undefined => textOf(rowOf(row['Status']), 'State')

/** A supply without a line at its input carries nothing (DSP2046, LineInputStatus). */
const isEnabled = (row: Row): boolean => stateOf(row) === 'Enabled' && !hasNoLine(row)
const hasNoLine = (row: Row): boolean => textOf(row, 'LineInputStatus') === 'LossOfInput'

/** Whether a supply carries none of the load by its own words. A spare one shows a few watts. */
export const restsByItself = (row: Row): boolean =>
  isOffline(row) || hasNoLine(row) || stateOf(row) === 'StandbySpare'

export function supplyPower(supply: Row): SupplyPower {
  if (isOffline(supply)) return { input: {}, output: {} }
  const output = firstOf([judge(supply['PowerOutputWatts']), judge(supply['LastPowerOutputWatts'])])
  const input = firstOf([
    judge(supply['PowerInputWatts']),
    judge(valueAt(supply, 'Oem', 'Huawei', 'PowerInputWatts')),
  ])
  const values = [supply['PowerInputWatts'], supply['PowerOutputWatts'], supply['LastPowerOutputWatts']]
  return {
    input: isRating(supply, input, output) ? { refused: `${input.powerW} W` } : input,
    output,
    isSilent: isSilent([supply], values),
    ...efficiencyOf(positiveOf(supply, 'EfficiencyPercent')),
  }
}

/** No supply that carries a load loses a third of it. */
const MOST_PER_OUTPUT = 1.5
/** What a supply draws for itself. */
const OWN_DRAW_W = 50
/** A full supply with an efficiency of 87 % */
const MOST_PER_CAPACITY = 1.15

/** iDRAC 8 and 9 write the largest input that a supply can draw into PowerInputWatts: 900 W of a supply that puts out 203. */
function isRating(supply: Row, input: Judged, output: Judged): boolean {
  const { powerW } = input
  if (powerW === undefined) return false
  const capacityW = positiveOf(supply, 'PowerCapacityWatts')
  const largest = valueAt(supply, 'Oem', 'Dell', 'DellPowerSupplyView', 'Range1MaxInputPowerWatts')
  return (
    powerW === largest ||
    (capacityW !== undefined && powerW > capacityW * MOST_PER_CAPACITY) ||
    (output.powerW !== undefined && powerW > output.powerW * MOST_PER_OUTPUT + OWN_DRAW_W)
  )
}
