import { type Subject, subjectOf, wordsOf } from '../../host-power/sensor-names.ts'
import { type Row, rowOf, textOf } from '../../wire/loose-json/fields.ts'
import { idOf, linksOf } from './client.ts'

/*
 * Whose power a figure is: that of a control, a supply or a sensor. All of them are judged here, by what they are related to, by their
 * place (PhysicalContext) and by their name.
 */

/**
 * What a Sensor measures. `part`: something inside the machine, or around it. Undefined: neither its Id nor its resource says it.
 */
export type Meaning = Subject | { of: 'part' }

/** The machine: paths of its ComputerSystem and chassis. Of what is absent, a resource's RelatedItem says nothing. */
export interface Whole {
  system?: string | undefined
  chassis: readonly string[]
}
/** Of a resource that a person named: nothing is known of its machine. */
export const UNKNOWN_WHOLE: Whole = { chassis: [] }

/** Parts of a machine by the words of a name, and what stands around machines. NVIDIA's and others' firmware sums up its accelerators as `Acc_Total`. */
const PART_WORDS =
  /\b(?:total)?(?:gpus?|hgx|ubb|oam|acc|accel(?:erators?)?|cpus?|processor(?:module)?s?|mem|memory|dram|dimms?|fans?|baseboard|backplane|midplane|nv?link|(?:nv)?switch(?:es)?|dpu|nic|network|storage|drives?|disks?|hdds?|ssds?|nvme|pcie|pch|riser|retimer|fpga|asic|soc|vrm?|pump|cooling|coolant|chiller|cdu|standby|rail|p?\d{1,2}v\d*|sub ?system|enclosure|rack(?! (?:server|mount|unit))|shelf|frame|jbod|jbof|pdu) ?\d*\b/
/** DSP2046, PhysicalContext */
const PART_CONTEXT =
  /^(cpu|gpu|memory|fan|accelerator|asic|fpga|storage|network|expansion|backplane|voltageregulator|rectifier|transformer|cooling|coolant|liquid|pump|filter|reservoir|motor|compute|trustedmodule|transceiver|battery|switch|manager|room|dcbus|acoutput)/i
const WHOLE_CONTEXT = /^(chassis|acutilityinput|acmainsinput|acinput)$/i
const SUPPLY_CONTEXT = /^powersupply(bay)?$/i

/** By the Id alone, or by another name. */
export function meaningOfId(id: string): Meaning | undefined {
  return subjectOf(id) ?? (PART_WORDS.test(wordsOf(id)) ? { of: 'part' } : undefined)
}

/** What a resource is related to (DSP2046, RelatedItem): `elsewhere` is another machine, an enclosure, a shelf, or a chassis of a part. */
export type Relation = 'system' | 'chassis' | 'supply' | 'part' | 'elsewhere' | undefined

/** @param items paths in a RelatedItem, or in another list of what a resource belongs to */
function relationOf(items: readonly string[], whole: Whole): Relation {
  const relations = items.map((item) => relationTo(item.replace(/\/+$/, ''), whole))
  // a control of the whole machine can name its processors too
  return (['system', 'chassis', 'supply', 'part', 'elsewhere'] as const).find((one) =>
    relations.includes(one),
  )
}

/** Below a chassis, these are no parts of the machine. */
const NO_PART =
  /^(Power|EnvironmentMetrics|PowerSubsystem|PowerDistribution|Sensors|Controls|Oem|LogServices)$/

function relationTo(item: string, { system, chassis }: Whole): Relation {
  if (/\/(PowerEquipment|ThermalEquipment|Facilities)\//.test(item)) return 'elsewhere'
  const [, kind, id, below] = /\/(Systems|Chassis)\/([^/#]+)(?:[/#]+(.+))?$/.exec(item) ?? []
  if (kind === undefined || id === undefined) return undefined
  if (below !== undefined) {
    if (/(?:^|\/)PowerSupplies\//.test(below)) return 'supply'
    return NO_PART.test(below.split(/[/#]/)[0] ?? '') ? undefined : 'part'
  }
  const known = kind === 'Systems' ? [system].flatMap((path) => path ?? []) : chassis
  if (known.length === 0) return undefined
  const isOwn = known.some((path) => path.replace(/\/+$/, '') === item)
  return isOwn ? (kind === 'Systems' ? 'system' : 'chassis') : 'elsewhere'
}

/** Paths in its RelatedItem. */
export const relatedItems = (row: Row): string[] => linksOf(row['RelatedItem'])

/** By what a resource belongs to. */
export const relation = (row: Row, whole: Whole): Relation => relationOf(relatedItems(row), whole)

/** Whether a supply feeds something else than the machine alone: by its RelatedItem, or by PoweringChassis (DSP2046, PowerSupply). */
export function feedsOthers(supply: Row, whole: Whole): boolean {
  if (relation(supply, whole) === 'elsewhere') return true
  const powering = linksOf(rowOf(supply['Links'])['PoweringChassis'])
  return powering.some((path) => relationOf([path], whole) === 'elsewhere')
}

/**
 * By the resource, for a sensor whose Id says nothing (DSP2046, Sensor: Name, RelatedItem, PhysicalContext, PhysicalSubContext).
 * @param path of the sensor
 */
export function meaningOf(path: string, row: Row, whole: Whole): Meaning | undefined {
  const byName = meaningOfId(idOf(path)) ?? meaningOfId(textOf(row, 'Name') ?? '')
  const related = relation(row, whole)
  // nobody but the resource knows whose it is
  if (related === 'part' || related === 'elsewhere') return { of: 'part' }
  if (byName) return byName
  const context = textOf(row, 'PhysicalContext') ?? ''
  if (PART_CONTEXT.test(context)) return { of: 'part' }
  if (related === 'supply' || SUPPLY_CONTEXT.test(context))
    return { of: 'supply', supply: supplyIn(row) ?? path, side: sideOf(textOf(row, 'PhysicalSubContext')) }
  const isWhole = related === undefined ? WHOLE_CONTEXT.test(context) : true
  if (isWhole) return { of: 'machine', rank: 0 }
  return undefined
}

const supplyIn = (row: Row): string | undefined =>
  relatedItems(row).flatMap((item) => /\/PowerSupplies\/([^/]+)/.exec(item)?.[1] ?? [])[0]

const sideOf = (subContext = ''): 'input' | 'output' | 'unsaid' =>
  /^input$/i.test(subContext) ? 'input' : /^output$/i.test(subContext) ? 'output' : 'unsaid'

/** How surely a control is the machine's own: less is surer. Undefined: it is not. */
export interface ControlMeaning {
  rank: number
  relation: Relation
}
/** The control of a supply; the only one of a machine can be called so (Cisco). */
export const OF_SUPPLY = 'supply'

const OF_NODE = /\b(?:server|node|blade|sled)\b/
const OF_SYSTEM = /\b(?:system|sys|machine|host|platform)\b/
const OF_TOTAL = /\btotal\b/
const OF_CHASSIS = /\bchassis\b/

/** Ranks of controls by their names: a node's own is narrower than a system's or a total; a chassis can be an enclosure. */
export const CONTROL_RANKS = { node: 0, system: 1, total: 2, unsaid: 3, chassis: 4 } as const

/** Whose a member of PowerControl is (DSP2046: Name, MemberId, PhysicalContext, RelatedItem). */
export function meaningOfControl(control: Row, whole: Whole): ControlMeaning | typeof OF_SUPPLY | undefined {
  const related = relation(control, whole)
  const context = textOf(control, 'PhysicalContext') ?? ''
  if (related === 'part' || related === 'elsewhere' || PART_CONTEXT.test(context)) return undefined
  const names = ['Name', 'MemberId'].flatMap((field) => textOf(control, field) ?? [])
  const words = names.map((name) => wordsOf(name))
  if (words.some((one) => PART_WORDS.test(one))) return undefined
  if (words.some((one) => A_SUPPLY.test(one))) return undefined
  if (related === 'supply' || SUPPLY_CONTEXT.test(context)) return OF_SUPPLY
  const said = words.map(rankOf).find((rank) => rank !== CONTROL_RANKS.unsaid)
  return { rank: said ?? CONTROL_RANKS.unsaid, relation: related }
}

const A_SUPPLY = /\b(?:psus?|ps|(?:power|pwr) suppl(?:y|ies)|suppl(?:y|ies)) ?\d*\b/

function rankOf(words: string): number {
  if (OF_NODE.test(words)) return CONTROL_RANKS.node
  if (OF_SYSTEM.test(words)) return CONTROL_RANKS.system
  if (OF_TOTAL.test(words)) return CONTROL_RANKS.total
  return OF_CHASSIS.test(words) ? CONTROL_RANKS.chassis : CONTROL_RANKS.unsaid
}
