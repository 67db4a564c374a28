import { firstOf, type Judged, judge } from '../../host-power/judge.ts'
import { type MachinePower, severalNodes } from '../../host-power/machine-power.ts'
import { nodeOf, wordsOf } from '../../host-power/sensor-names.ts'
import { nonNegativeOf, positiveOf, type Row, rowsOf, textOf } from '../../wire/loose-json/fields.ts'
import {
  CONTROL_RANKS,
  type ControlMeaning,
  meaningOfControl,
  OF_SUPPLY,
  relatedItems,
  UNKNOWN_WHOLE,
  type Whole,
} from './meaning.ts'
import type { MetricsSeen } from './metrics-beside.ts'
import { isOffline } from './power.ts'

/** An average over a longer time says too little about now. */
const LONGEST_AVERAGE_MIN = 1

/**
 * The power of the machine's own control in a `Power` resource (DSP2046; deprecated, but most BMCs have it). Cisco writes a single
 * object instead of a list, and numbers as texts. AMI's firmware of B300 machines writes null in the standard field and the present
 * power in `PowerMetrics.CurConsumedWatts`. HPE's iLO 4 repeats the power beside the list.
 */
export function controlPower(page: Row, whole: Whole, beside: BesideControls = {}): ControlPower {
  const own = ownControls(page, whole)
  // without a link to its system, the control of one node can't be told from its neighbour's
  if (!own.some(({ relation }) => relation === 'system') && nodesOf(own).size > 1)
    return severalNodes(own.map(({ control }) => nameOf(control)))
  const peers = peersOf(own)
  if (peers.length > 1) return ofPeers(peers, beside)
  return firstOf([...own.map(({ control }) => powerOfControl(control)), judge(page['PowerConsumedWatts'])])
}

/** What else is known of the machine whose controls are read. */
export interface BesideControls {
  /** what the machine's supplies on the same page draw together; absent: not known */
  suppliesW?: number | undefined
  /** what was seen of the same page so far */
  seen?: SeenControls | undefined
}

/** Several controls of one page, over its readings. */
export interface SeenControls extends MetricsSeen {
  /** they showed different powers once, so they are no copies of one */
  areApart?: boolean
  /** that they are taken for copies was told */
  isTold?: boolean
}

/** `changed`: what they are newly taken for */
export type ControlPower = MachinePower & { changed?: string }

interface OwnControl extends ControlMeaning {
  control: Row
}

interface Peer {
  name: string
  powerW: number
  control: Row
}

/** Names of one way into a machine: `Feed A`, `Input 2`. */
const A_FEED = /\b(?:feed|inlet|input|line|circuit|cord|mains|phase) ?(?:[a-h]|\d{1,2})\b/
/** A sum by the BMC and one of its supplies' differ by so much at most. */
const SUM_ACCURACY = 0.15
const SUM_SLACK_W = 15

/**
 * The controls that say equally surely that they are the machine's. By DSP2046 each member is what the chassis consumes; it does not
 * mention several.
 */
function peersOf(own: readonly OwnControl[]): Peer[] {
  const [best] = own
  return own.flatMap(({ control, rank, relation }): Peer[] => {
    const { powerW } = powerOfControl(control)
    const isPeer = rank === best?.rank && (relation === undefined) === (best.relation === undefined)
    return isPeer && powerW !== undefined ? [{ name: nameOf(control), powerW, control }] : []
  })
}

/**
 * The supplies tell whether they are parts of one power, or which is the whole. Without them only what one firmware shows twice on one page is
 * the same at each reading, with the same extremes of its past: parts that share a load differ sooner or later, and then a person must say what they are.
 */
function ofPeers(peers: readonly Peer[], { suppliesW, seen = {} }: BesideControls): ControlPower {
  const [first] = peers
  const sumW = peers.reduce((sum, { powerW }) => sum + powerW, 0)
  const areEqual = peers.every(({ powerW }) => powerW === first?.powerW)
  if (!areEqual || peers.some(({ control }) => first && arePartsOf(first.control, control)))
    seen.areApart = true
  const fitting = [...new Set([sumW, ...peers.map(({ powerW }) => powerW)])].filter(
    (powerW) => suppliesW !== undefined && isNear(powerW, suppliesW, SUM_ACCURACY, SUM_SLACK_W),
  )
  const [powerW] = fitting
  if (powerW !== undefined && fitting.length === 1) return { powerW }
  const areFeeds = peers.every(({ name }) => A_FEED.test(wordsOf(name)))
  if (first && areEqual && !areFeeds && !seen.areApart) {
    const isNew = !seen.isTold
    seen.isTold = true
    const names = peers.map(({ name }) => name).join(', ')
    const changed = `${peers.length} controls show the same ${first.powerW} W (${names}), which is taken for one power until they differ; if they are its parts, set resource to a list of their paths`
    return { powerW: first.powerW, ...(isNew && { changed }) }
  }
  const shown = peers.map((peer) => `${peer.name}: ${peer.powerW} W`)
  return {
    unclear: `controls that may be parts of one power, which a list of paths in resource adds up, or copies of it (${shown.join(', ')})`,
  }
}

/** The least and the most of a control's last interval (DSP2046, PowerMetrics): copies of one power have the same, two that share a load hardly ever. */
const EXTREMES = ['MinConsumedWatts', 'MaxConsumedWatts']

/** Whether two controls are no copies of one power: they have other extremes over the same time, or are related to different things. */
function arePartsOf(one: Row, other: Row): boolean {
  const [a, b] = [one, other].map((control) => rowsOf(control, 'PowerMetrics')[0])
  const isSame = (field: string) => nonNegativeOf(a, field) === nonNegativeOf(b, field)
  if (a && b && isSame('IntervalInMin') && !EXTREMES.every(isSame)) return true
  const [ofOne, ofOther] = [relatedItems(one), relatedItems(other)]
  return ofOne.length > 0 && ofOther.length > 0 && !ofOne.some((path) => ofOther.includes(path))
}

const isNear = (a: number, b: number, part: number, slackW: number): boolean =>
  Math.abs(a - b) <= part * Math.max(a, b) + slackW

/**
 * The controls that can be the machine's, surest first. One that is linked to its system leaves out those that are not: they can be a
 * neighbour's. Beside the control of a server or system, that of its chassis can be the power of all servers in it (Lenovo), and beside
 * that of a server so can a total.
 */
function ownControls(page: Row, whole: Whole): OwnControl[] {
  const all = rowsOf(page, 'PowerControl')
  const known = all.flatMap((control): OwnControl[] => {
    const meaning = meaningOfControl(control, whole)
    if (meaning === undefined) return []
    // Cisco says PowerSupply of its only control, which is the machine's; beside others, or several of them, each is one supply's
    if (meaning === OF_SUPPLY)
      return all.length === 1 ? [{ control, rank: CONTROL_RANKS.unsaid, relation: undefined }] : []
    return [{ control, ...meaning }]
  })
  const ofSystem = known.filter(({ relation }) => relation === 'system')
  const own = ofSystem.length > 0 ? ofSystem : known
  const surest = Math.min(...own.map(({ rank }) => rank))
  const most = surest === CONTROL_RANKS.node ? CONTROL_RANKS.system : CONTROL_RANKS.total
  const isNamed = surest < CONTROL_RANKS.unsaid
  const isKept = ({ rank }: OwnControl) => !isNamed || rank <= most || rank === CONTROL_RANKS.unsaid
  const order = ({ rank, relation }: OwnControl) => 2 * rank - Number(relation !== undefined)
  return own.filter(isKept).sort((a, b) => order(a) - order(b))
}

/** The power of one member of PowerControl. One that is absent or disabled by its own words measures nothing, whatever it still shows. */
export function powerOfControl(control: Row): Judged {
  if (isOffline(control)) return {}
  const metrics = [...rowsOf(control, 'PowerMetrics'), ...rowsOf(control, 'PowerMetric')]
  const capacityW = positiveOf(control, 'PowerCapacityWatts')
  const fields = [
    judge(control['PowerConsumedWatts']),
    // beside it, ChassisPowerConsumption is that of the enclosure and all its nodes
    judge(control['NodePowerConsumption']),
    ...metrics.map((row) => judge(row['CurConsumedWatts'])),
    ...metrics.filter(isOfThisMinute).map((row) => judge(row['AverageConsumedWatts'])),
  ]
  return firstOf(fields.map((said) => withinCapacity(said, capacityW)))
}

/** Some firmware tells the capacity of one of two supplies. */
const MOST_PER_CAPACITY = 2.5

function withinCapacity(said: Judged, capacityW: number | undefined): Judged {
  if (said.powerW === undefined || capacityW === undefined || said.powerW <= capacityW * MOST_PER_CAPACITY)
    return said
  return { refused: `${said.powerW} W, above its capacity of ${capacityW} W` }
}

function isOfThisMinute(metrics: Row): boolean {
  const minutes = nonNegativeOf(metrics, 'IntervalInMin')
  return minutes !== undefined && minutes <= LONGEST_AVERAGE_MIN
}

/** The members of PowerControl that are not of a part, a supply or something else. */
export const controlsOf = (page: Row, whole: Whole): Row[] =>
  ownControls(page, whole).map(({ control }) => control)

/** What a `Power` resource's controls say of a machine that may be off; `zero`: 0 W; undefined: it has none, or they show a power. */
export function restOf(page: Row, whole: Whole): 'zero' | 'nothing' | undefined {
  const controls = controlsOf(page, whole).filter((control) => !isOffline(control))
  const { powerW, unclear } = controlPower(page, whole)
  if (controls.length === 0 || powerW !== undefined || unclear !== undefined) return undefined
  return controls.some((control) => nonNegativeOf(control, 'PowerConsumedWatts') === 0) ? 'zero' : 'nothing'
}

const nameOf = (control: Row): string => textOf(control, 'Name') ?? textOf(control, 'MemberId') ?? '?'

const nodesOf = (controls: readonly OwnControl[]): Set<string> =>
  new Set(controls.flatMap(({ control }) => nodeOf(nameOf(control)) ?? []))

/** Whether a `Power` resource has the controls of several nodes, so that what else it shows is that of all of them. */
export const isOfSeveralNodes = (page: Row): boolean => nodesOf(ownControls(page, UNKNOWN_WHOLE)).size > 1
