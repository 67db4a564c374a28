import { type Subject, subjectOf, wordsOf } from '../../host-power/sensor-names.ts'
import { type Row, textOf } from '../../wire/loose-json/fields.ts'
import { idOf, linksOf } from './client.ts'

/**
 * What a Sensor measures. `part`: something inside the machine. Undefined: neither its Id nor its resource says it.
 */
export type Meaning = Subject | { of: 'part' }

/** Parts of a machine by the words of a sensor's Id or Name. NVIDIA's and others' firmware sums up its accelerators as `Acc_Total`. */
const PART_WORDS =
  /\b(?:total)?(?:gpus?|hgx|ubb|oam|acc|accel(?:erators?)?|cpus?|processor(?:module)?s?|mem|memory|dram|dimms?|fans?|baseboard|backplane|nv?link|(?:nv)?switch(?:es)?|dpu|nic|network|storage|drives?|disks?|pcie|riser|retimer|fpga|asic|soc|vr|pump|enclosure) ?\d*\b/
/** DSP2046, PhysicalContext */
const PART_CONTEXT =
  /^(cpu|gpu|memory|fan|accelerator|asic|fpga|storage|network|expansion|backplane|voltageregulator|rectifier|cooling|coolant|pump|motor|compute)/i
const WHOLE_CONTEXT = /^(chassis|acutilityinput|acmainsinput|acinput)$/i
const SUPPLY_CONTEXT = /^powersupply$/i

/** By the Id alone, or by another name. */
export function meaningOfId(id: string): Meaning | undefined {
  return subjectOf(id) ?? (PART_WORDS.test(wordsOf(id)) ? { of: 'part' } : undefined)
}

/**
 * By the resource, for a sensor whose Id says nothing (DSP2046, Sensor: Name, RelatedItem, PhysicalContext, PhysicalSubContext).
 * @param path of the sensor
 * @param wholes paths of the machine's chassis and system
 */
export function meaningOf(path: string, row: Row, wholes: readonly string[]): Meaning | undefined {
  const byName = meaningOfId(idOf(path)) ?? meaningOfId(textOf(row, 'Name') ?? '')
  if (byName) return byName
  const context = textOf(row, 'PhysicalContext') ?? ''
  if (PART_CONTEXT.test(context)) return { of: 'part' }
  const related = linksOf(row['RelatedItem']).map((item) => item.replace(/\/+$/, ''))
  const supply = related.map((item) => /\/PowerSupplies\/([^/]+)/.exec(item)?.[1]).find(Boolean)
  if (supply !== undefined || SUPPLY_CONTEXT.test(context))
    return { of: 'supply', supply: supply ?? path, side: sideOf(textOf(row, 'PhysicalSubContext')) }
  const isWhole =
    related.length > 0 ? related.every((item) => wholes.includes(item)) : WHOLE_CONTEXT.test(context)
  if (isWhole) return { of: 'machine', rank: 0 }
  return related.length > 0 ? { of: 'part' } : undefined
}

const sideOf = (subContext = ''): 'input' | 'output' | 'unsaid' =>
  /^input$/i.test(subContext) ? 'input' : /^output$/i.test(subContext) ? 'output' : 'unsaid'
