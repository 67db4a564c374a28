import { PerwattError } from '../../../protocol/kit/errors.ts'
import { type Row, rowOf, textOf } from '../../wire/loose-json/fields.ts'
import { idOf, linkOf, linksOf } from './client.ts'
import type { Pages } from './pages.ts'

/*
 * Which of a BMC's resources are the machine. A BMC also lists GPU baseboards, boards, supplies, its enclosure and its neighbours.
 *
 * 1. The machine is the one ComputerSystem that is no GPU baseboard, DPU, hypervisor or virtual system. Where there are several, the
 *    BMC is that of an enclosure, and the setting `chassis` must name one.
 * 2. Its chassis are those that it names in Links.Chassis, or else those that name it in Links.ComputerSystems. A blade or sled
 *    among them is the machine, and nothing around it.
 * 3. Never its chassis: one that names another machine's system; one of type Enclosure; one of a type that holds machines (Rack,
 *    Shelf ...) and contains another of its chassis. Cisco calls a rack server's own chassis Rack, so the type alone says little.
 * 4. Never its chassis: GPU baseboards and other boards, by their Ids.
 * 5. A RackMount or StandAlone chassis that its chassis is ContainedBy is its whole, unless it names another machine.
 * 6. The chassis of the BMC itself counts only by its PowerControl: AMI's firmware has the machine's there (B300).
 * 7. Where no chassis and no system name each other, the only chassis of a whole machine's type counts.
 * 8. Supplies of a blade or sled, or of a chassis in an Enclosure, are those of all its nodes, and never added up.
 * 9. Supplies that the machine names in PoweredBy count wherever they are, but for rule 3 and 8.
 */

export interface Chassis {
  path: string
  row: Row
  /** only the PowerControl of its `Power` is the machine's */
  onlyControl: boolean
  /** its supplies feed the neighbours too */
  hasSharedSupplies: boolean
}

export interface Machine {
  /** absent: the BMC has no ComputerSystem */
  system?: { path: string; row: Row }
  /** best first */
  chassis: Chassis[]
  /** the chassis are only those that look like a machine: if several have a power, none is surely the machine's */
  isGuess: boolean
  /** supplies that the machine says it is powered by, in other chassis */
  poweredBy: string[]
  /** Ids of all chassis of the BMC, for messages */
  listed: string[]
}

const ROOT = '/redfish/v1/'
/** A service that lists more is an enclosure manager, where the setting `chassis` names the one to read. */
const MOST = 32

const BOARD_ID =
  /^(hgx|gpu|oam|ubb|nvswitch|nvlink|pcie|cpld|erot|irot|fpga|dpu|bluefield|nic|cpu|processor|memory|riser|storage|drive|backplane|midplane|psu|power_?supply|fan)|baseboard|_(gpu|cpu)_?\d/i
const NO_MACHINE_ID = /^(hgx|ubb|oam|gpu|dpu|bluefield|hypervisor)|baseboard/i
const NO_MACHINE_TYPE = new Set(['DPU', 'OS', 'Virtual', 'VirtuallyPartitioned'])
const BLADES = new Set(['Blade', 'Sled'])
const WHOLES = new Set(['RackMount', 'StandAlone', 'Blade', 'Sled', 'Other', ''])
/** DSP2046, Chassis, ChassisType: what stands around machines. */
const AROUND = new Set(
  'Enclosure Rack RackGroup Row Pod Shelf Drawer Sidecar StorageEnclosure ImmersionTank PowerStrip HeatExchanger'.split(
    ' ',
  ),
)

/** @throws PerwattError `several-machines`, `no-sensor`, or as `Pages.row` */
export async function findMachine(pages: Pages, wanted: string | undefined): Promise<Machine> {
  const root = (await pages.row(ROOT)) ?? {}
  const systems = await pages.members(linkOf(root['Systems']))
  const machines: { path: string; row: Row }[] = []
  for (const path of systems.slice(0, MOST)) {
    const row = NO_MACHINE_ID.test(idOf(path)) ? undefined : ((await pages.row(path)) ?? {})
    if (row && isMachine(row)) machines.push({ path, row })
  }
  const paths = await pages.members(linkOf(root['Chassis']) ?? `${ROOT}Chassis`)
  const listed = paths.map(idOf)
  if (wanted !== undefined) return named(pages, wanted, machines, paths)
  if (machines.length > 1)
    throw several(
      machines.map(({ path }) => idOf(path)),
      listed,
    )
  if (machines.length === 0 && systems.length > 0)
    throw new PerwattError(
      'no-sensor',
      `the BMC has no machine, only ${systems.map(idOf).join(', ')}, which is a part of one; read the machine's own BMC, or set chassis: ${listed.join(', ')}`,
    )
  const [system] = machines
  const own = await ownChassis(pages, system, paths)
  const isGuess = own.length === 0
  const candidates = isGuess
    ? await wholes(pages, system, paths)
    : [...own, ...(await around(pages, system, own))]
  candidates.push(...(await bmcChassis(pages, system, paths, candidates)))
  return {
    ...(system && { system }),
    chassis: candidates,
    isGuess,
    poweredBy: own.some(({ row }) => isBlade(row)) ? [] : poweredBy(system, candidates),
    listed,
  }
}

const isMachine = (row: Row): boolean =>
  !NO_MACHINE_TYPE.has(textOf(row, 'SystemType') ?? '') && !NO_MACHINE_ID.test(textOf(row, 'Name') ?? '')

type System = { path: string; row: Row } | undefined

async function named(
  pages: Pages,
  wanted: string,
  systems: readonly NonNullable<System>[],
  paths: readonly string[],
): Promise<Machine> {
  const linked = systems.flatMap(({ row }) => links(row, 'Chassis'))
  const path = [...linked, ...paths].find((one) => idOf(one) === wanted)
  const row = await pages.row(path)
  const system = systems.find(
    (one) =>
      path !== undefined &&
      (has(links(one.row, 'Chassis'), path) || has(links(row, 'ComputerSystems'), one.path)),
  )
  const owner = system ?? (systems.length === 1 ? systems[0] : undefined)
  return {
    ...(owner && { system: owner }),
    chassis: path !== undefined && row ? [{ path, row, onlyControl: false, hasSharedSupplies: false }] : [],
    isGuess: false,
    poweredBy: [],
    listed: paths.map(idOf),
  }
}

/** Rules 2, 3, 4 and 8. */
async function ownChassis(pages: Pages, system: System, paths: readonly string[]): Promise<Chassis[]> {
  if (!system) return []
  let rows = await rowsAt(pages, links(system.row, 'Chassis'))
  if (rows.length === 0)
    rows = (await rowsAt(pages, paths)).filter(({ row }) => has(links(row, 'ComputerSystems'), system.path))
  const blades = rows.filter(({ row }) => isBlade(row))
  const own = (blades.length > 0 ? blades : rows).filter(
    (one) =>
      !isOfOthers(one.row, system) &&
      typeOf(one.row) !== 'Enclosure' &&
      !(AROUND.has(typeOf(one.row)) && containsOne(one, rows)),
  )
  const whole = own.filter(({ row }) => WHOLES.has(typeOf(row)) || AROUND.has(typeOf(row)))
  // a card or a module is a part, unless it is all that the machine has
  const kept = (whole.length > 0 ? whole : own).sort((a, b) => Number(isIn(a, b)) - Number(isIn(b, a)))
  const chassis: Chassis[] = []
  for (const one of kept)
    chassis.push({
      ...one,
      onlyControl: kept.some((other) => isIn(one, other)),
      hasSharedSupplies: isBlade(one.row) || (await isInEnclosure(pages, one.row, system)),
    })
  return chassis
}

/** Rule 5. */
async function around(pages: Pages, system: System, own: readonly Chassis[]): Promise<Chassis[]> {
  if (own.some(({ row }) => isBlade(row))) return []
  const containers = own
    .flatMap(({ row }) => links(row, 'ContainedBy'))
    .filter((path) => !own.some((one) => has([one.path], path)))
  return (await rowsAt(pages, containers))
    .filter(({ row }) => WHOLES.has(typeOf(row)) && !isBlade(row) && !isOfOthers(row, system))
    .map((one) => ({ ...one, onlyControl: false, hasSharedSupplies: false }))
}

/** Rule 7. */
async function wholes(pages: Pages, system: System, paths: readonly string[]): Promise<Chassis[]> {
  const all = (await rowsAt(pages, paths)).filter(({ path }) => !/^bmc/i.test(idOf(path)))
  const fit = all.filter(
    ({ path, row }) =>
      (WHOLES.has(typeOf(row)) || /^(chassis|system|self|dgx)/i.test(idOf(path))) &&
      !AROUND.has(typeOf(row)) &&
      !isOfOthers(row, system),
  )
  const blades = fit.filter(({ row }) => isBlade(row))
  return (blades.length > 0 ? blades : fit)
    .filter((one, _, some) => !some.some((other) => isIn(one, other)))
    .map((one) => ({ ...one, onlyControl: false, hasSharedSupplies: isBlade(one.row) }))
}

/** Rule 6. */
async function bmcChassis(
  pages: Pages,
  system: System,
  paths: readonly string[],
  known: readonly Chassis[],
): Promise<Chassis[]> {
  const own = paths.filter(
    (path) => /^bmc(_?0)?$/i.test(idOf(path)) && !known.some((one) => has([one.path], path)),
  )
  return (await rowsAt(pages, own))
    .filter(({ row }) => !isOfOthers(row, system))
    .map((one) => ({ ...one, onlyControl: true, hasSharedSupplies: true }))
}

/** Rule 9. */
const poweredBy = (system: System, known: readonly Chassis[]): string[] =>
  [
    ...new Set([...links(system?.row, 'PoweredBy'), ...known.flatMap(({ row }) => links(row, 'PoweredBy'))]),
  ].filter((path) => !known.some((chassis) => path.startsWith(`${trimmed(chassis.path)}/`)))

/** Whether supplies that stand in a chassis can be the machine's alone; false for those of an enclosure, a rack or a neighbour. */
export const canPowerAlone = (chassis: Row, system: System): boolean =>
  !AROUND.has(typeOf(chassis)) && !isOfOthers(chassis, system)

async function rowsAt(pages: Pages, paths: readonly string[]): Promise<{ path: string; row: Row }[]> {
  const found: { path: string; row: Row }[] = []
  for (const path of new Set(paths.slice(0, MOST * 2))) {
    const row = BOARD_ID.test(idOf(path)) ? undefined : await pages.row(path)
    if (row) found.push({ path, row })
  }
  return found
}

async function isInEnclosure(pages: Pages, row: Row, system: System): Promise<boolean> {
  for (const path of links(row, 'ContainedBy')) {
    const container = await pages.row(path)
    if (container && (typeOf(container) === 'Enclosure' || isOfOthers(container, system))) return true
  }
  return false
}

/** Whether a chassis names the system of another machine. A GPU baseboard's system is no other machine. */
const isOfOthers = (chassis: Row, system: System): boolean =>
  links(chassis, 'ComputerSystems').some(
    (path) => !NO_MACHINE_ID.test(idOf(path)) && (system === undefined || !has([system.path], path)),
  ) && system !== undefined

type Found = { path: string; row: Row }
const isIn = (inner: Found, outer: Found): boolean =>
  inner !== outer &&
  (has(links(inner.row, 'ContainedBy'), outer.path) || has(links(outer.row, 'Contains'), inner.path))
const containsOne = (outer: Found, all: readonly Found[]): boolean => all.some((inner) => isIn(inner, outer))
const isBlade = (row: Row): boolean => BLADES.has(typeOf(row))
const typeOf = (chassis: Row): string => textOf(chassis, 'ChassisType') ?? ''
const links = (row: Row | undefined, name: string): string[] => linksOf(rowOf(row?.['Links'])[name])
const trimmed = (path: string): string => path.replace(/\/+$/, '')
const has = (paths: readonly string[], path: string): boolean =>
  paths.some((one) => trimmed(one) === trimmed(path))

const several = (systems: readonly string[], chassis: readonly string[]): PerwattError =>
  new PerwattError(
    'several-machines',
    `the BMC is that of several machines (${systems.join(', ')}); set chassis to the Id of the one that this device is: ${chassis.join(', ')}`,
  )
