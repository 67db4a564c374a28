import { defined } from '../../protocol/kit/defined.ts'
import type { PowerBasis } from '../../protocol/sample.ts'
import type { FittedParts, Parts } from './fitted-parts.ts'
import { firstOf, type Judged } from './judge.ts'
import { CHASSIS_RANK, type Side, type Subject, subjectOf, TOTAL_RANK } from './sensor-names.ts'

/** A machine's power, and how it is known. `estimated` where it lacks the losses of the supplies. */
export interface MachinePower extends Judged {
  basis?: PowerBasis
  /** what is there instead of one power, such as `the powers of several nodes (Node 1 Power, Node 2 Power)`: a person must choose */
  unclear?: string
}

/** What one power supply reports for its two sides. A supply that is absent or rests says nothing. */
export interface SupplyPower {
  input: Judged
  output: Judged
  /** it is on by its own words, so where it shows no power, it may carry some */
  isSilent?: boolean
  /** output by input; absent: not told */
  efficiencyRatio?: number
}

/** A supply's sensor of 8 bits that has no reading shows all bits set: 255, or 2550 where its steps are 10 W (HPE iLO 5). */
const ALL_OF_8_BITS = 255
const FAR_FROM_OTHERS = 4

/** What a supply says instead of a power where it is far above all others of the machine, with all bits of its sensor set. */
function withAllBitsSet(watts: readonly number[]): string | undefined {
  const [most = 0, next = 0] = [...watts].sort((a, b) => b - a)
  const isAllBits = most > 0 && most % ALL_OF_8_BITS === 0
  return isAllBits && next > 0 && most > FAR_FROM_OTHERS * next ? `${most} W, beside ${next} W` : undefined
}

/**
 * The sum of a machine's supplies. The input counts, because it has the supply's losses; the output stands in for an input that is
 * missing. A supply that says only nonsense makes the sum nonsense, because a sum without it would look right and be too low; so does one
 * that is on and says nothing.
 */
export function sumOfSupplies(supplies: readonly SupplyPower[]): MachinePower {
  let sumW = 0
  let basis: PowerBasis = 'reported'
  let silent = 0
  const nonsense = withAllBitsSet(
    supplies.flatMap(({ input, output }) => input.powerW ?? output.powerW ?? []),
  )
  if (nonsense !== undefined) return { refused: nonsense }
  for (const { input, output, isSilent } of supplies) {
    if (input.powerW !== undefined) sumW += input.powerW
    else if (output.powerW !== undefined) {
      sumW += output.powerW
      basis = 'estimated'
    } else {
      const refused = input.refused ?? output.refused
      // null is the word of a supply that rests or is absent
      if (refused !== undefined && refused !== 'null') return { refused }
      if (isSilent) silent++
    }
  }
  if (sumW > 0 && silent > 0)
    return { refused: `the power of ${supplies.length - silent} of ${supplies.length} supplies` }
  return sumW > 0 ? { powerW: sumW, basis } : {}
}

/** A sensor by its name, and what it says. */
export interface NamedSensor extends Judged {
  name: string
  /** absent: the name says it */
  subject?: Subject
  /** as that of a supply */
  isSilent?: boolean
}

/**
 * The power of the machine by its named sensors: that of the whole, else the sum of its supplies, else that of the hot-swap controllers
 * at its input. Parts are left out. Where the sensors are those of several nodes, none is taken, and neither are the supplies, which
 * feed them all.
 * @param fitted what the sums were made of so far: one that lacks a part is refused
 */
export function machinePowerOf(sensors: readonly NamedSensor[], fitted?: FittedSensors): MachinePower {
  const known = knownAmong(sensors)
  const wholes = known
    .flatMap(({ sensor, subject }) => (subject.of === 'machine' ? [{ sensor, subject }] : []))
    .sort((a, b) => a.subject.rank - b.subject.rank)
  // a node that is off says nothing, and the chassis beside it may be the enclosure of its neighbours
  const ownWholes = wholes.filter(({ subject }) => subject.rank < CHASSIS_RANK)
  const nodes = ownWholes.filter(({ subject }) => subject.node !== undefined)
  if (new Set(nodes.map(({ subject }) => subject.node)).size > 1)
    return severalNodes(nodes.map(({ sensor }) => sensor.name))
  // what else is there can be that of all nodes, so a node that is off has no power
  const ofNode = ownWholes.filter(({ subject }) => subject.isNode)
  if (ofNode.length > 0) return withBasis(firstOf(ofNode.map(({ sensor }) => sensor)))
  const whole = firstOf((ownWholes.length > 0 ? ownWholes : wholes).map(({ sensor }) => sensor))
  if (whole.powerW !== undefined) return { powerW: whole.powerW, basis: 'reported' }
  const strangers = strangeSupplies(known)
  if (strangers.length > 0)
    return { unclear: `supplies of which it is not known what each shows (${listOf(strangers)})` }
  const ofSupplies: MachinePower = sumOfSupplies(suppliesOf(known))
  const sum = fitted?.supplies.take(ofSupplies, partsAmong(known, 'supply')) ?? ofSupplies
  if (sum.powerW !== undefined) return sum
  const refused = whole.refused ?? sum.refused
  if (refused !== undefined || wholes.length > 0) return defined({ refused })
  const ofInputs = hotSwapPower(known)
  return fitted?.inputs.take(ofInputs, partsAmong(known, 'hot-swap')) ?? ofInputs
}

/** What the sums of a machine's named sensors are made of. */
export interface FittedSensors {
  supplies: FittedParts
  inputs: FittedParts
}

/** Which supplies are in a list of sensors. */
export const supplyPartsAmong = (sensors: readonly NamedSensor[]): Parts =>
  partsAmong(knownAmong(sensors), 'supply')

function partsAmong(known: readonly Known[], of: 'supply' | 'hot-swap'): Parts {
  if (of === 'supply')
    return { watts: new Map([...suppliesByName(known)].map(([name, supply]) => [name, carriedW(supply)])) }
  const watts = new Map<string, number | undefined>()
  for (const { sensor, subject } of known)
    if (subject.of === 'hot-swap')
      watts.set(subject.controller, watts.get(subject.controller) ?? sensor.powerW)
  return { watts }
}

/** What of a supply counts in a sum. */
export const carriedW = ({ input, output }: SupplyPower): number | undefined => input.powerW ?? output.powerW

function knownAmong(sensors: readonly NamedSensor[]): Known[] {
  return sensors.flatMap((sensor) => {
    const subject = sensor.subject ?? subjectOf(sensor.name)
    return subject ? [{ sensor, subject }] : []
  })
}

/** A sum by the BMC and one of its supplies' sensors differ by so much at most. */
const SUM_ACCURACY = 0.15
const SUM_SLACK_W = 30

/**
 * Supplies with a power whose names are not understood: a sum of the others would look right and be too low. So is one without a number
 * beside others, unless it is their sum.
 */
function strangeSupplies(known: readonly Known[]): string[] {
  const supplies = suppliesWithPower(known)
  return supplies.filter((one) => one.isStrange || isOfWhole(one, supplies) === false).map(({ name }) => name)
}

interface PoweredSupply extends Extract<Subject, { of: 'supply' }> {
  name: string
  powerW: number
}

const suppliesWithPower = (known: readonly Known[]): PoweredSupply[] =>
  known.flatMap(({ sensor: { name, powerW }, subject }) =>
    subject.of === 'supply' && powerW !== undefined ? [{ name, powerW, ...subject }] : [],
  )

/** Whether one without a number is the sum of the numbered ones; undefined: it has a number, or is the only one. */
function isOfWhole(
  { supply, side, powerW }: PoweredSupply,
  all: readonly PoweredSupply[],
): boolean | undefined {
  const numbered = all.filter((one) => one.supply !== '')
  if (supply !== '' || numbered.length === 0) return undefined
  const sumW = numbered.filter((one) => one.side === side).reduce((sum, one) => sum + one.powerW, 0)
  return Math.abs(powerW - sumW) <= SUM_ACCURACY * sumW + SUM_SLACK_W
}

/** The supplies among named sensors; none where not all of them are understood. */
export function suppliesAmong(sensors: readonly NamedSensor[]): SupplyPower[] {
  const known = knownAmong(sensors)
  return strangeSupplies(known).length > 0 ? [] : suppliesOf(known)
}

/** Whether a sensor shows the power of this machine, and not perhaps that of all supplies or of the frame. */
export const hasOwnTotal = (sensors: readonly NamedSensor[]): boolean =>
  knownAmong(sensors).some(
    ({ sensor, subject }) =>
      subject.of === 'machine' && subject.rank < TOTAL_RANK && sensor.powerW !== undefined,
  )

/** Whether a sensor is named for one of several machines in one frame, whose supplies feed all of them. */
export const areOfNode = (sensors: readonly NamedSensor[]): boolean =>
  knownAmong(sensors).some(({ subject }) => subject.of === 'machine' && (subject.isNode || subject.node))

const withBasis = (judged: Judged): MachinePower =>
  judged.powerW === undefined ? judged : { powerW: judged.powerW, basis: 'reported' }

/** @param names of the sensors or controls, each of which is one node's */
export const severalNodes = (names: readonly string[]): MachinePower => ({
  unclear: `the powers of several nodes (${listOf(names)})`,
})

interface Known {
  sensor: NamedSensor
  subject: Subject
}

const suppliesOf = (known: readonly Known[]): SupplyPower[] => [...suppliesByName(known).values()]

function suppliesByName(known: readonly Known[]): Map<string, SupplyPower> {
  const supplies = new Map<string, Record<Side, Judged> & { isSilent: boolean }>()
  const hasNumbers = suppliesWithPower(known).some(({ supply }) => supply !== '')
  for (const { sensor, subject } of known) {
    if (subject.of !== 'supply' || subject.isStrange || (hasNumbers && subject.supply === '')) continue
    const sides = supplies.get(subject.supply) ?? { input: {}, output: {}, unsaid: {}, isSilent: false }
    supplies.set(subject.supply, sides)
    // one supply can have two sensors for one side
    sides[subject.side] = firstOf([sides[subject.side], sensor])
    sides.isSilent ||= sensor.isSilent ?? false
  }
  return new Map(
    [...supplies].map(([name, { input, output, unsaid, isSilent }]) => [
      name,
      { input, output: firstOf([output, unsaid]), isSilent },
    ]),
  )
}

/** Only controllers that say that they measure an input are added up, or the only one: others can feed one board of several. */
function hotSwapPower(known: readonly Known[]): MachinePower {
  const controllers = new Map<string, Judged>()
  const unsaid = new Map<string, { name: string; isOnly: boolean; said: Judged }>()
  for (const { sensor, subject } of known) {
    if (subject.of !== 'hot-swap') continue
    const { controller, isInput, isOnly = false } = subject
    if (isInput) controllers.set(controller, firstOf([controllers.get(controller) ?? {}, sensor]))
    else
      unsaid.set(controller, {
        name: sensor.name,
        isOnly,
        said: firstOf([unsaid.get(controller)?.said ?? {}, sensor]),
      })
  }
  for (const controller of controllers.keys()) unsaid.delete(controller)
  const [first] = unsaid.values()
  if (first?.isOnly && unsaid.size === 1 && controllers.size === 0) return withBasis(first.said)
  if (unsaid.size > 0) {
    const names = listOf([...unsaid.values()].map(({ name }) => name))
    return {
      unclear: `${controllers.size > 0 ? '' : 'only '}hot-swap controllers, which do not say that they are its input (${names})`,
    }
  }
  const inputs = [...controllers.values()]
  const read = inputs.flatMap(({ powerW }) => powerW ?? [])
  if (read.length === 0) return defined({ refused: firstOf(inputs).refused })
  // a sum without one of them would look right and be too low
  if (read.length < inputs.length)
    return { refused: `the power of ${read.length} of ${inputs.length} inputs` }
  return { powerW: read.reduce((sum, powerW) => sum + powerW, 0), basis: 'reported' }
}

const MOST_NAMES = 8
const listOf = (names: readonly string[]): string =>
  [...names.slice(0, MOST_NAMES), ...(names.length > MOST_NAMES ? ['...'] : [])].join(', ')
