import { type Row, rowOf, textOf } from '../../wire/loose-json/fields.ts'
import { idOf, linksOf } from './client.ts'

/** A resource and its path. */
export interface At {
  path: string
  row: Row
}

/** A GPU baseboard, a DPU or a hypervisor, by its Id or Name: a system that is no machine. */
export const NO_MACHINE = /^(hgx|ubb|oam|gpu|dpu|bluefield|hypervisor)|baseboard/i
/** A part of a machine, by the Id of its chassis. Intel's BMC calls a server's own chassis `WC_Baseboard`. */
export const BOARD =
  /^(hgx|gpu|accel|oam|ubb|nvswitch|nvlink|pcie|cpld|erot|irot|fpga|dpu|bluefield|nic|cpu|processor|memory|riser|storage|drive|jbod|jbof|backplane|midplane|psu|power_?supply|fan)|_(gpu|cpu)_?\d/i

/** DSP2046, Chassis, ChassisType: what stands around machines. */
const AROUND = new Set(
  'Enclosure Rack RackGroup Row Pod Shelf Drawer Sidecar StorageEnclosure ImmersionTank PowerStrip HeatExchanger'.split(
    ' ',
  ),
)

/** ChassisType, or what the Id says where a firmware leaves it out; an empty text is unknown. */
const typeOf = ({ path, row }: At): string => {
  const type = textOf(row, 'ChassisType')
  if (type !== undefined) return type
  if (/^enc(losure)?\d*$|enclosure/i.test(idOf(path))) return 'Enclosure'
  return /^(blade|sled)/i.test(idOf(path)) ? 'Blade' : ''
}

export const isBlade = (chassis: At): boolean => /^(Blade|Sled)$/.test(typeOf(chassis))
export const isEnclosure = (chassis: At): boolean => typeOf(chassis) === 'Enclosure'
export const isAround = (chassis: At): boolean => AROUND.has(typeOf(chassis))
export const isWhole = (chassis: At): boolean =>
  /^(RackMount|StandAlone|Blade|Sled|Other|)$/.test(typeOf(chassis))
/** A type that surely is one machine with what is in it. */
export const isServer = (chassis: At): boolean => /^(RackMount|StandAlone)$/.test(typeOf(chassis))

/** The paths in `Links`. */
export const links = (row: Row | undefined, name: string): string[] => linksOf(rowOf(row?.['Links'])[name])

const isSame = (a: string, b: string): boolean => trimmed(a) === trimmed(b)
export const has = (paths: readonly string[], path: string): boolean => paths.some((one) => isSame(one, path))
const trimmed = (path: string): string => path.replace(/\/+$/, '')

/** `Node2` beside `Node1`; boards of one machine can be numbered too. */
export function isBesideNode(id: string, own: string): boolean {
  const [, stem, number] = /^(.*?)[_-]?(\d+|[A-H])$/.exec(own) ?? []
  const [, otherStem, other] = /^(.*?)[_-]?(\d+|[A-H])$/.exec(id) ?? []
  return stem !== undefined && stem !== '' && stem === otherStem && number !== other && !BOARD.test(own)
}

/** Whether a path leads to something in the other one's resource. */
export const isBelow = (path: string, parent: string): boolean => path.startsWith(`${trimmed(parent)}/`)

/** Whether one chassis says that it is in the other, or the other that it contains it. */
export const isIn = (inner: At, outer: At): boolean =>
  !isSame(inner.path, outer.path) &&
  (has(links(inner.row, 'ContainedBy'), outer.path) || has(links(outer.row, 'Contains'), inner.path))

/** Whether a chassis names the system of another machine. A GPU baseboard's system is no other machine. */
export const isOfOthers = (chassis: Row, system: At | undefined): boolean =>
  system !== undefined &&
  links(chassis, 'ComputerSystems').some((path) => !NO_MACHINE.test(idOf(path)) && !isSame(system.path, path))

/** Whether supplies that stand in a chassis can be the machine's alone; not those of an enclosure, a rack or a neighbour. */
export const canPowerAlone = (chassis: At, system: At | undefined): boolean =>
  !isAround(chassis) && !isOfOthers(chassis.row, system)
