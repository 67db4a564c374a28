import { firstOf, type Judged, judge } from '../../host-power/judge.ts'
import { type MachinePower, type SupplyPower, severalNodes } from '../../host-power/machine-power.ts'
import { nodeOf } from '../../host-power/sensor-names.ts'
import {
  nonNegativeOf,
  numberOf,
  positiveOf,
  type Row,
  rowOf,
  rowsOf,
  textOf,
  valueAt,
} from '../../wire/loose-json/fields.ts'
import { linksOf } from './client.ts'
import { isOffline } from './power.ts'

/** An average over a longer time says too little about now. */
const LONGEST_AVERAGE_MIN = 1

/**
 * Names of a control that is not the machine's: Lenovo lists `CPU Sub-system Power` after the server, others GPUs, fans or drives, each
 * supply, or the enclosure with all its nodes.
 */
const PART =
  /\b(cpu|gpu|processors?|memory|dimm|fans?|storage|drives?|accelerators?|pcie|sub-?system|hgx|baseboard|backplane|psu ?\d*|(?:power )?suppl(?:y|ies)|(?:nv)?switch(?:es)?|enclosure)\b/i
const PART_CONTEXT = /^(cpu|gpu|memory|fan|accelerator|storage|networking|asic|fpga)/i

/**
 * The power of the machine's own control in a `Power` resource (DSP2046; deprecated, but most BMCs have it). Cisco writes a single
 * object instead of a list, and numbers as texts. AMI's firmware of B300 machines writes null in the standard field and the present
 * power in `PowerMetrics.CurConsumedWatts`. HPE's iLO 4 repeats the power beside the list.
 * @param system path of the machine's ComputerSystem: a control that names only other resources' systems is a neighbour's
 */
export function controlPower(page: Row, system: string | undefined): MachinePower {
  const controls = withoutFrame(
    withoutSupplies(rowsOf(page, 'PowerControl').filter((control) => !isOfPart(control))),
  )
  const related = controls.map((control) => systemsIn(linksOf(control['RelatedItem'])))
  const ofSystem = controls.filter((_, i) => system !== undefined && related[i]?.includes(trimmed(system)))
  const ofNone = controls.filter((_, i) => related[i]?.length === 0)
  const own = system === undefined ? controls : ofSystem.length > 0 ? ofSystem : ofNone
  // without a link to its system, the control of one node can't be told from its neighbour's
  if (ofSystem.length === 0 && nodesOf(own).size > 1) return severalNodes(own.map(nameOf))
  return firstOf([...own.map(powerOfControl), judge(page['PowerConsumedWatts'])])
}

/** The power of one member of PowerControl. One that is absent or disabled by its own words measures nothing, whatever it still shows. */
export function powerOfControl(control: Row): Judged {
  if (isOffline(control)) return {}
  const metrics = [...rowsOf(control, 'PowerMetrics'), ...rowsOf(control, 'PowerMetric')]
  return firstOf([
    judge(control['PowerConsumedWatts']),
    // beside it, ChassisPowerConsumption is that of the enclosure and all its nodes
    judge(control['NodePowerConsumption']),
    ...metrics.map((row) => judge(row['CurConsumedWatts'])),
    ...metrics.filter(isOfThisMinute).map((row) => judge(row['AverageConsumedWatts'])),
  ])
}

function isOfThisMinute(metrics: Row): boolean {
  const minutes = nonNegativeOf(metrics, 'IntervalInMin')
  return minutes !== undefined && minutes <= LONGEST_AVERAGE_MIN
}

const isOfPart = (control: Row): boolean =>
  PART.test(textOf(control, 'Name') ?? '') || PART_CONTEXT.test(textOf(control, 'PhysicalContext') ?? '')

/** Cisco says PowerSupply of its only control, which is the machine's. Beside others, or several of them, each is one supply's. */
function withoutSupplies(controls: readonly Row[]): readonly Row[] {
  const others = controls.filter(({ PhysicalContext }) => PhysicalContext !== 'PowerSupply')
  return controls.length === 1 ? controls : others
}

const OF_SERVER = /\b(?:server|node|blade|sled)\b/i
const OF_FRAME = /\b(?:chassis|total)\b/i

/** Beside the control of a server, that of its chassis can be the power of all servers in it (Lenovo). */
function withoutFrame(controls: readonly Row[]): readonly Row[] {
  if (!controls.some((control) => OF_SERVER.test(nameOf(control)))) return controls
  return controls.filter((control) => OF_SERVER.test(nameOf(control)) || !OF_FRAME.test(nameOf(control)))
}

/** What a `Power` resource's controls say of a machine that may be off; `zero`: 0 W; undefined: it has none, or they show a power. */
export function restOf(page: Row, system: string | undefined): 'zero' | 'nothing' | undefined {
  const controls = rowsOf(page, 'PowerControl').filter((control) => !isOfPart(control) && !isOffline(control))
  if (controls.length === 0 || controlPower(page, system).powerW !== undefined) return undefined
  return controls.some((control) => nonNegativeOf(control, 'PowerConsumedWatts') === 0) ? 'zero' : 'nothing'
}

const nameOf = (control: Row): string => textOf(control, 'Name') ?? textOf(control, 'MemberId') ?? '?'

const nodesOf = (controls: readonly Row[]): Set<string> =>
  new Set(controls.flatMap((control) => nodeOf(nameOf(control)) ?? []))

/** Whether a `Power` resource has the controls of several nodes, so that what else it shows is that of all of them. */
export const isOfSeveralNodes = (page: Row): boolean =>
  nodesOf(rowsOf(page, 'PowerControl').filter((control) => !isOfPart(control))).size > 1

const trimmed = (path: string): string => path.replace(/\/+$/, '')
const systemsIn = (paths: readonly string[]): string[] =>
  paths.map(trimmed).filter((path) => /\/Systems\/[^/]+$/.test(path))

/**
 * The whole machine's power where a maker has it in its own place: in the page, or in its control. Fujitsu's BMC of a node shows the
 * chassis of all nodes beside it, which then never counts.
 */
export const oemPower = (page: Row): Judged =>
  firstOf([page, ...rowsOf(page, 'PowerControl').filter((control) => !isOfPart(control))].map(oemPowerOf))

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

/** The supplies that a `Power` resource lists; one that is absent or offline says nothing. */
export const suppliesOn = (page: Row): SupplyPower[] => rowsOf(page, 'PowerSupplies').map(supplyPower)

/**
 * Whether something that should show a power is on, and shows none: not even 0 W.
 * @param states the resources whose Status counts
 */
export function isSilent(states: readonly Row[], values: readonly unknown[]): boolean {
  if (values.some((value) => numberOf(value) === 0)) return false
  const isUnknown = values.some((value) => typeof value === 'string' && /^\s*unknown\s*$/i.test(value))
  return isUnknown || states.some(isEnabled)
}

/** A supply without a line at its input carries nothing (DSP2046, LineInputStatus). */
const isEnabled = (row: Row): boolean =>
  textOf(rowOf(row['Status']), 'State') === 'Enabled' && textOf(row, 'LineInputStatus') !== 'LossOfInput'

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
